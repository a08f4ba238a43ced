package web

import (
	"net/http"

	"tongban/internal/app/system"
	"tongban/internal/kernel/i18n"
	"tongban/internal/kernel/op"
	"tongban/internal/kernel/ui"
	"tongban/internal/kernel/web"
)

func (p pages) backups(w http.ResponseWriter, r *http.Request) error {
	loc := i18n.From(r.Context())
	list, err := p.System.Backups(r.Context(), op.None{})
	if err != nil {
		return err
	}
	v := listView{
		Title: loc.T("system.backups"), Subtitle: loc.T("system.backups_about", "dir", list.Dir),
		Table: ui.TableView{
			Caption: loc.T("system.backups"),
			Columns: []ui.Column{
				{Label: loc.T("system.backup_file")}, {Label: loc.T("system.backup_made"), Kind: ui.TimeColumn},
				{Label: loc.T("system.backup_size"), Kind: ui.NumberColumn},
			},
			Empty: &ui.EmptyView{Icon: "database-export", Title: loc.T("system.backups_none"), Text: loc.T("system.backups_none_text")},
		},
	}
	for _, f := range list.Files {
		v.Table.Rows = append(v.Table.Rows, ui.Row{Cells: []ui.TD{
			ui.Text(f.Name), ui.Component(ui.TimeAgo(f.At)), ui.Text(loc.Bytes(f.Bytes)),
		}})
	}
	if op.ActorFrom(r.Context()).Can(system.PermJobs) {
		v.Primary = &ui.ButtonView{Label: loc.T("system.backup_now"), Icon: "database-export", Post: "/console/system/schedules/" + system.JobBackup + "/run"}
	}
	if list.Missed {
		v.Alert = &ui.AlertView{Tone: ui.Danger, Text: loc.T("system.backup_missed")}
	}
	return p.site.Render(w, r, web.Page{Title: v.Title, Crumbs: crumbs(loc, "system.backups"), HelpKey: "system.backups", Body: listPage(v)})
}
