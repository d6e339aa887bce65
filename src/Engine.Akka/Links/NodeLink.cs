using System.Diagnostics;
using System.Net.Sockets;

namespace FitCluster.Engine;

/// <summary>
/// The way to one other node: a connection on which everything goes there, made anew when it is lost, until the member has gone. Its end,
/// and a port that refuses afterwards, are the proof that the other's process has ended. What waits for it has a bound. Threads of its own
/// write and watch, so that neither needs the pool.
/// </summary>
internal sealed class NodeLink : IDisposable
{
    /// <summary>More than this on its way to a node that does not take it, and the rest is dropped: the protocol asks again.</summary>
    private const long MostWaitingBytes = 1L << 30;

    private const int MostWaiting = 50_000;
    private const int BufferBytes = 1 << 20;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>A connection that has lasted so long was a good one: another is tried for at once.</summary>
    private static readonly TimeSpan SteadyTime = TimeSpan.FromSeconds(1);

    private readonly NodePlace _to;
    private readonly LinkIdentity _identity;
    private readonly Action _ended;
    private readonly Action<string> _say;
    private readonly Queue<LinkItem> _waiting = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly Thread _thread;
    private long _waitingBytes;
    private bool _isFull;

    /// <summary>Begins to connect.</summary>
    /// <param name="to">The other node.</param>
    /// <param name="identity">Who this one is.</param>
    /// <param name="ended">
    /// Called when it is proven that the other's process has ended, and again as long as it is: a heartbeat of its that was on its way
    /// would have the last word otherwise.
    /// </param>
    /// <param name="say">Told what a user may want to read.</param>
    public NodeLink(NodePlace to, LinkIdentity identity, Action ended, Action<string> say)
    {
        (_to, _identity, _ended, _say) = (to, identity, ended, say);
        _thread = new Thread(Run) { Name = $"fitcluster link to {to.Member}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Whether its thread still runs.</summary>
    public bool IsRunning => _thread.IsAlive;

    /// <summary>Sends an item, some time. What is too much is dropped; false for the first of it, so that it is told once.</summary>
    public bool Send(in LinkItem item)
    {
        lock (_waiting)
        {
            if (_closed.IsCancellationRequested)
            {
                return true;
            }

            if (_waiting.Count >= MostWaiting || _waitingBytes + item.Bytes > MostWaitingBytes)
            {
                (var isTold, _isFull) = (_isFull, true);
                return isTold;
            }

            _isFull = false;
            _waiting.Enqueue(item);
            _waitingBytes += item.Bytes;
            Monitor.Pulse(_waiting);
            return true;
        }
    }

    /// <summary>Ends it: what waits is dropped.</summary>
    public void Dispose()
    {
        lock (_waiting)
        {
            _waiting.Clear();
            _waitingBytes = 0;
        }

        // Ends a connection that does not take what is written, too.
        _closed.Cancel();
        lock (_waiting)
        {
            Monitor.PulseAll(_waiting);
        }
    }

    private void Run()
    {
        var (refused, failed) = (0, 0);
        while (!_closed.IsCancellationRequested)
        {
            var connected = 0L;
            try
            {
                using var stream = Connect();
                (connected, refused) = (Stopwatch.GetTimestamp(), 0);
                using var end = _closed.Token.Register(stream.Dispose);
                Work(stream);
            }
            catch (Exception error) when (!_closed.IsCancellationRequested)
            {
                // Whatever it is (a stream that another thread has just ended says so in many ways): here it would end the process.
                Failed(error, ref refused, isFirst: failed == 0 && connected == 0);
            }
            catch (Exception)
            {
                // The end that was asked for.
            }

            // Who was there is looked for at once: only a port that refuses tells that the process has ended.
            failed = connected != 0 && Stopwatch.GetElapsedTime(connected) > SteadyTime ? 0 : failed;
            _closed.Token.WaitHandle.WaitOne(failed++ == 0 ? ShortPause : Pause);
        }
    }

    private void Failed(Exception error, ref int refused, bool isFirst)
    {
        try
        {
            if (error is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
            {
                // A machine that answers, and a port that nobody holds, twice: the process has ended.
                if (++refused >= 2)
                {
                    _ended();
                }
            }
            else
            {
                refused = 0;
                if (isFirst)
                {
                    var words = error.Message.ReplaceLineEndings(" ");
                    _say($"the link to {_to.Member} (port {_to.LinkPort}) cannot be made: {words}; it is tried again");
                }
            }
        }
        catch (Exception again)
        {
            Trace.TraceError($"the link to {_to.Member}: {again.Message}");
        }
    }

    private Stream Connect()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        limit.CancelAfter(ConnectLimit);
        return _identity.Connect(_to, LinkPurpose.Letters, limit.Token).GetAwaiter().GetResult().Stream;
    }

    /// <summary>Writes what comes, until the link ends.</summary>
    private void Work(Stream stream)
    {
        var end = new LinkEnd();
        new Thread(() => Watch(stream, end)) { Name = $"fitcluster end of {_to.Member}", IsBackground = true }.Start();
        using var buffered = new BufferedStream(stream, BufferBytes);
        while (true)
        {
            LinkItem item;
            bool isLast;
            lock (_waiting)
            {
                while (_waiting.Count == 0 && !end.HasCome && !_closed.IsCancellationRequested)
                {
                    Monitor.Wait(_waiting);
                }

                if (end.HasCome || _closed.IsCancellationRequested)
                {
                    return;
                }

                item = _waiting.Dequeue();
                _waitingBytes -= item.Bytes;
                isLast = _waiting.Count == 0;
            }

            item.Write(buffered);
            ClusterMeters.Sent(item.Bytes);
            if (isLast)
            {
                buffered.Flush();
            }
        }
    }

    /// <summary>Nothing is ever written by the other side: reading returns when the link has ended.</summary>
    private void Watch(Stream stream, LinkEnd end)
    {
        try
        {
            _ = stream.ReadByte();
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // It has ended.
        }

        lock (_waiting)
        {
            end.HasCome = true;
            Monitor.PulseAll(_waiting);
        }

        stream.Dispose();
    }

    /// <summary>Whether a connection has ended; guarded by the queue's lock.</summary>
    private sealed class LinkEnd
    {
        public bool HasCome { get; set; }
    }
}
