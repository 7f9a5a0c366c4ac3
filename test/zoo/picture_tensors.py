# Writes pictures into the folder argv[2] from what lies in argv[1], and for each model the tensor that Pillow and NumPy make of each picture:
# MODEL/PICTURE.bin, float32.
import json
import os
import sys

import numpy as np
from PIL import Image, ImageOps

models, folder = sys.argv[1:3]


def save(image, name, **options):
    image.save(os.path.join(folder, name), **options)


for number in (3, 13):
    path = os.path.join(models, "ultraface-rfb-320", "images", f"{number}.jpg")
    image = Image.open(path).convert("RGB")
    with open(path, "rb") as source, open(os.path.join(folder, f"{number}.jpg"), "wb") as copy:
        copy.write(source.read())
    save(image, f"{number}.png")
    save(image, f"{number}.webp", lossless=True)
    save(image, f"{number}-progressive.jpg", quality=85, progressive=True, subsampling=0)
    exif = Image.Exif()
    exif[0x0112] = 6
    save(image.transpose(Image.Transpose.ROTATE_90), f"{number}-turned.jpg", quality=95, exif=exif)
for name in ("person", "no_person"):
    # The bitmap's bytes are the pixels less 128.
    raw = np.asarray(Image.open(os.path.join(models, "person-detect-int8", "images", f"{name}.bmp")))
    save(Image.fromarray(raw.astype(np.uint8) ^ 128), f"{name}.png")
for case in range(3):
    with open(os.path.join(models, "mnist-8", "golden", f"test_data_set_{case}.json")) as file:
        tensor = json.load(file)["inputs"]["Input3"]
    if "data" in tensor:
        digit = np.array(tensor["data"], dtype=np.float32).reshape(28, 28)
        save(Image.fromarray(digit.round().astype(np.uint8)), f"digit-{case}.png")


def mobilenet(image):
    width, height = image.size
    size = (256, 256 * height // width) if width < height else (256 * width // height, 256)
    image = image.resize(size, Image.Resampling.BILINEAR)
    left, top = (size[0] - 224) // 2, (size[1] - 224) // 2
    values = np.asarray(image.crop((left, top, left + 224, top + 224)), dtype=np.float32) / 255
    values = (values - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    return values.transpose(2, 0, 1)


def person(image):
    values = np.asarray(image.convert("L").resize((96, 96), Image.Resampling.BICUBIC), dtype=np.float32)
    return (values - 127) / 127.5


def digit(image):
    return np.asarray(image.convert("L").resize((28, 28), Image.Resampling.LANCZOS), dtype=np.float32)


makers = {"mobilenetv2-fp32": mobilenet, "person-detect-int8": person, "mnist-8": digit}
for name in sorted(name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name))):
    image = ImageOps.exif_transpose(Image.open(os.path.join(folder, name))).convert("RGB")
    for model, maker in makers.items():
        os.makedirs(os.path.join(folder, model), exist_ok=True)
        with open(os.path.join(folder, model, f"{name}.bin"), "wb") as file:
            file.write(maker(image).astype("<f4").tobytes())
