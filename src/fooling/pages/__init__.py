"""The experiments: for each its sizes, record, measurement, rule, headline and own figures, in one place."""
