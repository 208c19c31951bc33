"""Kafka in and out: connection, topics, producer, the consumer loop that components share."""
