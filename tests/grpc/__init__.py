"""gRPC on 9848."""
