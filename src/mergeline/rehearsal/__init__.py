"""The rehearsal: this repository's own workflow files, run on this machine against a stand-in for GitHub."""
