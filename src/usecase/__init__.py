"""Your use case: the data, the features, the models and the metrics. The machinery lies in `src/mergeline/`."""
