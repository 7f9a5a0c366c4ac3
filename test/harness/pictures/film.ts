// A film of one frame for a browser that takes it for its camera.

export type Colour = readonly [red: number, green: number, blue: number];

/** YUV4MPEG2 with 4:2:0; sides are even. @see https://wiki.multimedia.cx/index.php/YUV4MPEG2 */
export function film(width: number, height: number, pixel: (x: number, y: number) => Colour): Buffer {
  const planes = [Buffer.alloc(width * height), Buffer.alloc((width * height) / 4), Buffer.alloc((width * height) / 4)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [red, green, blue] = pixel(x, y);
      // ITU-R 601 in its studio range.
      const luma = 16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255;
      planes[0]?.writeUInt8(Math.round(luma), y * width + x);
      if (x % 2 === 1 || y % 2 === 1) continue;
      const at = (y * width) / 4 + x / 2;
      planes[1]?.writeUInt8(Math.round(128 + (-37.797 * red - 74.203 * green + 112 * blue) / 255), at);
      planes[2]?.writeUInt8(Math.round(128 + (112 * red - 93.786 * green - 18.214 * blue) / 255), at);
    }
  }
  const frame = Buffer.concat([Buffer.from('FRAME\n'), ...planes]);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F30:1 Ip A1:1 C420mpeg2\n`), frame, frame]);
}
