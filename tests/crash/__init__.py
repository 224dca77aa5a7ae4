"""The promises about crashes, proved by killing real worker processes (kill -9) and by letting them race."""
