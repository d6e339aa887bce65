using System.Net;
using System.Net.Sockets;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// Passes on what comes to a port as a bad line would: everything 10 ms late, and one piece in fifty 200 ms, as if it had been lost and
/// sent again. (The kernel's own netem is not to be had everywhere.)
/// </summary>
internal sealed class SlowRelay : IDisposable
{
    private const int Late = 10;
    private const int Again = 200;
    private const int OneIn = 50;

    private readonly TcpListener _listener;
    private readonly int _to;
    private long _bytes;
    private int _pieces;

    public SlowRelay(int from, int to)
    {
        (_listener, _to) = (new TcpListener(IPAddress.Loopback, from), to);
        _listener.Start();
        _ = Accept();
    }

    /// <summary>What has gone by so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public void Dispose() => _listener.Dispose();

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptTcpClientAsync();
                _ = Join(near);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task Join(TcpClient near)
    {
        using var far = new TcpClient { NoDelay = true };
        near.NoDelay = true;
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _to);
            await Task.WhenAny(Pass(near.GetStream(), far.GetStream()), Pass(far.GetStream(), near.GetStream()));
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            // Both ends are closed below.
        }
        finally
        {
            near.Dispose();
        }
    }

    private async Task Pass(NetworkStream from, NetworkStream to)
    {
        var piece = new byte[1 << 16];
        for (int read; (read = await from.ReadAsync(piece)) > 0;)
        {
            await Task.Delay(Interlocked.Increment(ref _pieces) % OneIn == 0 ? Again : Late);
            await to.WriteAsync(piece.AsMemory(0, read));
            Interlocked.Add(ref _bytes, read);
        }
    }
}
