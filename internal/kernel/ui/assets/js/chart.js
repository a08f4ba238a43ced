// Charts: loads ECharts once, draws every figure in the page's own colours, redraws when size or theme change.
// Canvas, not SVG: the SVG renderer writes style attributes, which the content policy refuses.
let library;
function load(address) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = address;
    script.onload = () => resolve(window.echarts);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

// The browser turns light-dark() and oklch() into a colour that a canvas knows.
const probe = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
function colour(name) {
  const span = document.createElement('span');
  span.className = 'tb-sr';
  span.style.color = `var(${name})`;
  document.body.append(span);
  probe.clearRect(0, 0, 1, 1);
  probe.fillStyle = getComputedStyle(span).color;
  probe.fillRect(0, 0, 1, 1);
  span.remove();
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  return `rgb(${r}, ${g}, ${b})`;
}

function theme() {
  const ink = colour('--tb-ink'), muted = colour('--tb-muted'), line = colour('--tb-border');
  const fontSize = parseFloat(getComputedStyle(document.body).fontSize) * .9;
  const axis = {axisLine: {lineStyle: {color: line}}, axisTick: {lineStyle: {color: line}}, axisLabel: {color: muted, fontSize}, splitLine: {lineStyle: {color: line}}, nameTextStyle: {color: muted, fontSize}};
  return {
    color: ['--tb-link', '--tb-warning-solid', '--tb-success-solid', '--tb-info-solid', '--tb-danger-solid', '--tb-muted'].map(colour),
    textStyle: {fontFamily: getComputedStyle(document.body).fontFamily, color: ink, fontSize},
    legend: {textStyle: {color: ink, fontSize}},
    categoryAxis: axis, valueAxis: axis, timeAxis: axis, logAxis: axis,
    tooltip: {renderMode: 'richText', backgroundColor: colour('--tb-surface'), borderColor: line, textStyle: {color: ink}},
  };
}

async function draw(figure) {
  const echarts = await load(figure.dataset.echarts);
  const canvas = figure.querySelector('.tb-chart-canvas');
  const option = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  echarts.getInstanceByDom(canvas)?.dispose();
  const chart = echarts.init(canvas, theme(), {renderer: 'canvas'});
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  chart.setOption({animation: !still, grid: {left: 8, right: 16, top: 48, bottom: 8, containLabel: true}, ...option, tooltip: {renderMode: 'richText', ...option.tooltip}});
}

const sizes = new ResizeObserver(entries => {
  for (const entry of entries) window.echarts?.getInstanceByDom(entry.target)?.resize();
});
function drawAll(root) {
  for (const figure of root.querySelectorAll('[data-chart]:not([data-drawn])')) {
    figure.dataset.drawn = '';
    sizes.observe(figure.querySelector('.tb-chart-canvas'));
    draw(figure);
  }
}
drawAll(document);
document.addEventListener('htmx:after:settle', () => drawAll(document));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => document.querySelectorAll('[data-chart]').forEach(draw));
