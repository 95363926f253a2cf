"""The engines behind the generated corpora, and what assembles their rules."""
