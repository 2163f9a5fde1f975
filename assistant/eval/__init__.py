"""Citation-faithfulness evaluation: the bundled set, the metrics, and a run over them."""
