# Writes pictures of every kind that Pillow can write into the folder argv[1], then what Pillow reads of each picture there, turned upright:
# width, height (two 32-bit numbers), then red, green and blue of each pixel, in NAME.rgb.
import os
import struct
import sys

import numpy as np
from PIL import Image, ImageOps

folder = sys.argv[1]
random = np.random.default_rng(7)
width, height = 93, 61
y, x = np.mgrid[0:height, 0:width]
smooth = np.stack([x * 255 // width, y * 255 // height, (x * y) % 256], axis=2).astype(np.uint8)
mixed = np.where(random.random((height, width, 1)) < 0.2, random.integers(0, 256, (height, width, 3)), smooth)
picture = Image.fromarray(mixed.astype(np.uint8))
calm = Image.fromarray(smooth)
alpha = Image.merge("RGBA", [*picture.split(), Image.fromarray(((x * 3) % 256).astype(np.uint8))])


def save(image, name, **options):
    image.save(os.path.join(folder, name), **options)


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


for sampling in (0, 1, 2):
    for progressive in (False, True):
        for quality in (60, 95):
            name = f"s{sampling}-{'progressive' if progressive else 'baseline'}-{quality}.jpg"
            save(picture, name, subsampling=sampling, progressive=progressive, quality=quality)
save(picture.convert("L"), "grey.jpg", quality=80)
save(picture.convert("L"), "grey-progressive.jpg", quality=80, progressive=True)
save(picture, "icc.jpg", icc_profile=b"\0" * 3000)
for orientation in range(0, 10):
    save(calm, f"turned-{orientation}.jpg", quality=90, exif=turned(orientation))
    save(calm, f"turned-{orientation}.webp", lossless=True, exif=turned(orientation))
    save(calm, f"turned-{orientation}.png", exif=turned(orientation))
save(picture, "rgb.png")
save(alpha, "rgba.png")
save(picture.convert("L"), "grey.png")
save(picture.convert("1"), "bits.png")
save(alpha.convert("LA"), "grey-alpha.png")
for colours in (2, 4, 16, 256):
    save(picture.quantize(colours), f"palette-{colours}.png")
save(picture.quantize(16), "palette-clear.png", transparency=3)
save(picture, "lossless.webp", lossless=True)
save(alpha, "lossless-alpha.webp", lossless=True, exact=True)
save(picture, "lossy.webp", quality=80)

for name in sorted(os.listdir(folder)):
    if name.endswith(".rgb"):
        continue
    image = ImageOps.exif_transpose(Image.open(os.path.join(folder, name)))
    pixels = np.asarray(image.convert("RGB"))
    with open(os.path.join(folder, f"{name}.rgb"), "wb") as file:
        file.write(struct.pack("<II", pixels.shape[1], pixels.shape[0]))
        file.write(pixels.tobytes())
