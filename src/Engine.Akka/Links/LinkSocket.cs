using System.Net.Sockets;

namespace FitCluster.Engine;

/// <summary>The settings of the connections between nodes.</summary>
internal static class LinkSocket
{
    /// <summary>
    /// Nothing waits to be joined with more; and the end of a machine that vanished without a word is noticed within half a minute, or its
    /// connections would be read for ever.
    /// </summary>
    public static Socket Set(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 15);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        return socket;
    }
}
