// Where the pictures of an album go: rows, or one large picture with a column beside it, whichever comes
// nearest to a pleasant shape. The look follows Telegram's; the search is small enough to try everything.

const MIN_RATIO = 0.667;
const MAX_RATIO = 1.8;
const MIN_ROW_HEIGHT = 0.2;

/**
 * Place 1–10 pictures with the given ratios (width / height).
 * Returns { ratio, tiles: [{ x, y, width, height }] }, tiles in fractions of the whole.
 */
export function mosaic(ratios, gap = 0.007) {
  const shapes = ratios.map((ratio) => Math.min(Math.max(ratio, MIN_RATIO), MAX_RATIO));
  const wanted = shapes.length < 3 ? 0.75 : shapes.length < 5 ? 1 : 4 / 3;
  const layouts = partitions(shapes.length, Math.min(shapes.length, 4)).map((counts) => inRows(shapes, counts, gap));
  if (shapes.length === 3 || shapes.length === 4) layouts.push(withColumn(shapes, gap));
  const cost = ({ height, penalty }) => Math.max(height - wanted, 1.3 * (wanted - height)) + penalty;
  const best = layouts.reduce((a, b) => (cost(b) < cost(a) ? b : a));
  return {
    ratio: 1 / best.height,
    tiles: best.tiles.map((tile) => ({ ...tile, y: tile.y / best.height, height: tile.height / best.height })),
  };
}

/** All ways to divide `count` pictures into at most `most` rows of at most 4. */
function partitions(count, most) {
  if (count === 0) return [[]];
  if (most === 0) return [];
  const out = [];
  for (let first = 1; first <= Math.min(4, count); first++) {
    for (const rest of partitions(count - first, most - 1)) out.push([first, ...rest]);
  }
  return out;
}

function inRows(shapes, counts, gap) {
  const tiles = [];
  const heights = [];
  let [y, penalty, next] = [0, 0, 0];
  counts.forEach((count, index) => {
    const row = shapes.slice(next, next + count);
    const height = (1 - gap * (count - 1)) / row.reduce((sum, ratio) => sum + ratio, 0);
    let x = 0;
    for (const ratio of row) {
      tiles.push({ x, y, width: ratio * height, height });
      x += ratio * height + gap;
    }
    heights.push(height);
    // A row with fewer pictures than the one above looks unfinished.
    if (index > 0 && count < counts[index - 1]) penalty += 0.1;
    y += height + gap;
    next += count;
  });
  // Small rows are hard to see, and results of one prompt should be alike in size.
  if (Math.min(...heights) < MIN_ROW_HEIGHT) penalty += 0.4;
  penalty += 0.25 * Math.max(0, Math.max(...heights) / Math.min(...heights) - 1.5);
  return { tiles, height: y - gap, penalty };
}

function withColumn(shapes, gap) {
  const [first, ...rest] = shapes;
  // The column's pictures share one width, so their heights are width / ratio.
  const inverse = rest.reduce((sum, ratio) => sum + 1 / ratio, 0);
  const gaps = gap * (rest.length - 1);
  const column = ((1 - gap) / first - gaps) / (inverse + 1 / first);
  const height = column * inverse + gaps;
  const tiles = [{ x: 0, y: 0, width: 1 - gap - column, height }];
  let y = 0;
  for (const ratio of rest) {
    tiles.push({ x: 1 - column, y, width: column, height: column / ratio });
    y += column / ratio + gap;
  }
  return { tiles, height, penalty: column < 0.25 ? 0.4 : first < 1 ? 0 : 0.25 };
}
