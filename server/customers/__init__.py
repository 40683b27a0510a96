"""The customer archive (AR-01, AR-02): who, where, which meter and appliances."""
