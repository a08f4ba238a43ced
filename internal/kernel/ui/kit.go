package ui

import (
	"context"
	"time"

	"github.com/a-h/templ"

	"tongban/internal/kernel/i18n"
)

// The samples of the gallery. Names and texts are invented; the awkward ones (four-byte characters, words
// without a break) are there because customers have them.
const (
	kitLong = "关于办理𠮷𠀀𪚥市高新技术产业开发区企业跨省迁移登记及其分支机构负责人变更备案有关事项的说明"
	kitWord = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
)

// KitPage is the living gallery: every widget in its states. Words of the widgets themselves are in the reader's
// language, the samples in Chinese, as most of the data will be.
func KitPage(ctx context.Context) templ.Component {
	return kitPage(kitSections())
}

// KitPhonePage is the gallery of the phone face.
func KitPhonePage(ctx context.Context) templ.Component {
	return kitPhone(newKitData(ctx))
}

// KitScreenPage is a sample of a big screen.
func KitScreenPage(ctx context.Context) templ.Component {
	return kitScreen(newKitData(ctx))
}

// kitSection is a chapter of the gallery.
type kitSection struct {
	ID, Title string
	body      func(kitData) templ.Component
}

func kitSections() []kitSection {
	return []kitSection{
		{"buttons", "按钮与图标 Buttons", kitButtons},
		{"status", "状态、徽标与时限 Status", kitStatus},
		{"stats", "指标 Figures", kitStats},
		{"tables", "表格与筛选 Tables", kitTables},
		{"forms", "表单 Forms", kitForms},
		{"form-states", "表单出错与禁用 Form states", kitFormStates},
		{"notices", "提示与空状态 Notices", kitNotices},
		{"serious", "重要操作 Serious actions", kitSerious},
		{"process", "流程与历史 Process", kitProcess},
		{"details", "详情 Details", kitDetails},
		{"code", "代码与差异 Code and diff", kitCode},
		{"charts", "图表 Charts", kitCharts},
		{"tiles", "门户组件 Portal widgets", kitPortal},
	}
}

// kitData is what the samples share.
type kitData struct {
	now time.Time
	loc i18n.Locale
}

func newKitData(ctx context.Context) kitData {
	return kitData{now: ShellFrom(ctx).Now, loc: i18n.From(ctx)}
}

func (d kitData) at(ago time.Duration) time.Time { return d.now.Add(-ago) }

func (d kitData) columns() []Column {
	return []Column{
		{Label: "工单号", Kind: CodeColumn, SortHref: "?sort=number"},
		{Label: "事项", SortHref: "?sort=title"},
		{Label: "状态"},
		{Label: "负责人", Minor: true},
		{Label: "耗材余量", Kind: NumberColumn, SortHref: "?sort=stock", Sorted: "desc"},
		{Label: "时限", Kind: TimeColumn},
		{Label: "操作", Kind: ActionsColumn},
	}
}

func (d kitData) rows() []Row {
	row := func(id, title, sub, status string, tone Tone, who, stock string, due time.Duration) Row {
		r := Row{ID: id, Label: title, Href: "#" + id, Cells: []TD{
			Text(id), {Text: title, Sub: sub}, StatusTD(status, tone), Text(who), Text(stock),
			Component(Clock(ClockView{Due: d.now.Add(due)})),
			Component(Button(ButtonView{Label: "派单", Small: true, Href: "#dispatch"})),
		}}
		if due < 0 {
			r.Tone = Danger
		}
		return r
	}
	return []Row{
		row("WO-20261121-0007", "凭条打印机卡纸", "政务大厅一层 3 号自助终端", "待接单", Warning, "陈𠮷明", "12 %", -25*time.Minute),
		row("WO-20261121-0006", "身份证读卡器无响应", "东湖社区服务站", "处理中", Info, "王丽", "86 %", 95*time.Minute),
		row("WO-20261120-0113", kitLong, kitWord, "待回访", Accent, "欧阳修远", "100 %", 26*time.Hour),
		row("WO-20261120-0098", "更换硒鼓并校准", "高铁站 24 小时自助区", "已办结", Success, "李娜", "64 %", 3*time.Hour),
	}
}

func (d kitData) table(id string) TableView {
	return TableView{ID: id, Caption: "运维工单", Columns: d.columns(), Rows: d.rows()}
}

func kitOptions() []Option {
	return []Option{{Value: "a", Label: "政务大厅"}, {Value: "b", Label: "社区服务站"}, {Value: "c", Label: "银行网点"}, {Value: "d", Label: kitLong}}
}

func kitSteps() []Step {
	return []Step{
		{Label: "报修", State: "done", Note: "系统 09:05"},
		{Label: "派单", State: "done", Note: "按区域与技能"},
		{Label: "到场维修", State: "now", Note: "王丽"},
		{Label: "客户签字", State: "next"},
		{Label: "评价", State: "next"},
	}
}

func kitChart(kind string) map[string]any {
	days := []string{"周一", "周二", "周三", "周四", "周五", "周六", "周日"}
	series := []any{
		map[string]any{"name": "办件量", "type": kind, "smooth": true, "data": []int{820, 932, 901, 934, 1290, 430, 320}},
		map[string]any{"name": "工单量", "type": kind, "smooth": true, "data": []int{120, 132, 101, 134, 90, 30, 21}},
	}
	return map[string]any{
		"legend": map[string]any{"top": 0}, "tooltip": map[string]any{"trigger": "axis"},
		"xAxis": map[string]any{"type": "category", "data": days}, "yAxis": map[string]any{"type": "value"}, "series": series,
	}
}

func kitChartTable() *TableView {
	row := func(cells ...string) Row {
		return Row{Cells: []TD{Text(cells[0]), Text(cells[1]), Text(cells[2])}}
	}
	return &TableView{
		Caption: "一周办件与工单",
		Columns: []Column{{Label: "日期"}, {Label: "办件量", Kind: NumberColumn}, {Label: "工单量", Kind: NumberColumn}},
		Rows: []Row{row("周一", "820", "120"), row("周二", "932", "132"), row("周三", "901", "101"), row("周四", "934", "134"),
			row("周五", "1,290", "90"), row("周六", "430", "30"), row("周日", "320", "21")},
	}
}
