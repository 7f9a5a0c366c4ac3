"""The figures of scikit-learn for many data sets, in one process.

Reads one data set a line as JSON ({"task", "truth", "predicted", "classes"?, "positive"?, "scores"?}) and writes its figures, one line
each, under the names that the release gate gives them. A figure that scikit-learn does not define is left out.
"""

import json
import sys
import warnings

import numpy as np
from sklearn import metrics

warnings.simplefilter("ignore")


def regression(data):
    truth, predicted = data["truth"], data["predicted"]
    figures = {
        "mae": metrics.mean_absolute_error(truth, predicted),
        "rmse": float(np.sqrt(metrics.mean_squared_error(truth, predicted))),
    }
    if len(truth) > 1:
        figures["r2"] = metrics.r2_score(truth, predicted)
    return figures


def areas(data, classes, truth, scores):
    """A class that does not occur, or alone, leaves the area undefined."""
    occurring = set(truth)
    if data["task"] == "binary":
        positive = data["positive"]
        is_positive = [each == positive for each in truth]
        column = scores[:, classes.index(positive)]
        figures = {}
        if len(set(is_positive)) == 2:
            figures["roc_auc"] = metrics.roc_auc_score(is_positive, column)
        if any(is_positive):
            figures["average_precision"] = metrics.average_precision_score(is_positive, column)
        return figures
    if len(occurring) < len(classes):
        return {}
    order = np.argsort(classes)
    # scikit-learn wants its classes sorted, and rows that add up to 1.
    return {
        "roc_auc": metrics.roc_auc_score(
            truth, scores[:, order], multi_class="ovr", labels=[classes[at] for at in order]
        )
    }


def classification(data):
    classes, truth, predicted = data["classes"], data["truth"], data["predicted"]
    figures = {"accuracy": metrics.accuracy_score(truth, predicted)}
    averages = ["macro", "weighted"]
    for average in averages:
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            truth, predicted, average=average, zero_division=0
        )
        figures[f"f1_{average}"] = f1
        if data["task"] != "binary":
            figures[f"precision_{average}"] = precision
            figures[f"recall_{average}"] = recall
    if data["task"] == "binary":
        one = [data["positive"]]
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            truth, predicted, labels=one, average=None, zero_division=0
        )
        figures.update(precision=precision[0], recall=recall[0], f1=f1[0])
    if data.get("scores") is None:
        return figures
    scores = np.array(data["scores"])
    figures.update(areas(data, classes, truth, scores))
    order = np.argsort(classes)
    names = [classes[at] for at in order]
    figures["log_loss"] = metrics.log_loss(truth, scores[:, order], labels=names)
    # With ties the order of the columns decides: indices are compared, not names.
    places = [classes.index(each) for each in truth]
    for k in (3, 5):
        if k < len(classes):
            figures[f"top_{k}"] = metrics.top_k_accuracy_score(
                places, scores, k=k, labels=range(len(classes))
            )
    return figures


for line in sys.stdin:
    dataset = json.loads(line)
    found = regression(dataset) if dataset["task"] == "regression" else classification(dataset)
    print(json.dumps({name: float(value) for name, value in found.items()}))
