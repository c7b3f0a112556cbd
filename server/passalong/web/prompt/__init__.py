"""What the vendor's product asks its customers, in frames: invite, share, upgrade. No script, no cookie."""
