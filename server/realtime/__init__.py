"""The doorbell: Socket.IO on gevent, websocket only; pushes to phones and boards, takes positions."""
