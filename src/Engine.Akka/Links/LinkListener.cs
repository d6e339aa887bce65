using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// Answers the links of other nodes: each has a thread that reads it. Who says nothing sensible is told why in a sentence, and dropped.
/// </summary>
internal sealed class LinkListener : IDisposable
{
    /// <summary>So many may be saying who they are at once.</summary>
    private const int MostGreeting = 64;

    /// <summary>So many links are read at once: each costs a thread, and a cluster has one for each other node.</summary>
    private const int MostLinks = 500;

    private static readonly TimeSpan GreetingLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(3);

    private readonly TcpListener _listener;
    private readonly Action<LinkHello, LinkItemKind, ReadOnlyMemory<byte>> _take;
    private readonly SaidSeldom _refused;
    private readonly SemaphoreSlim _greeting = new(MostGreeting);
    private readonly CancellationTokenSource _ended = new();
    private readonly HashSet<Stream> _open = [];
    private LinkIdentity? _identity;

    /// <summary>Takes the port; nobody is answered before <see cref="Start"/>.</summary>
    /// <param name="where">Where to listen; port 0: any that is free.</param>
    /// <param name="take">Given each item and who sent it; a <see cref="FrameException"/> is told, and the item dropped.</param>
    /// <param name="refused">Told what was refused.</param>
    /// <exception cref="ClusterEngineException">The port cannot be used.</exception>
    public LinkListener(IPEndPoint where, Action<LinkHello, LinkItemKind, ReadOnlyMemory<byte>> take, Action<string> refused)
    {
        (_take, _refused) = (take, new SaidSeldom(refused));
        _listener = new TcpListener(where);
        try
        {
            _listener.Start();
        }
        catch (SocketException error)
        {
            throw new ClusterEngineException($"the links' port {where} cannot be used: {error.Message}", error);
        }
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Start(LinkIdentity identity)
    {
        _identity = identity;
        _ = Accept();
    }

    /// <summary>Ends every link.</summary>
    public void Dispose()
    {
        _ended.Cancel();
        _listener.Dispose();
        lock (_open)
        {
            foreach (var stream in _open)
            {
                stream.Dispose();
            }

            _open.Clear();
        }
    }

    private async Task Accept()
    {
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptSocketAsync(_ended.Token).ConfigureAwait(false);
                if (_greeting.Wait(0))
                {
                    _ = Greet(socket);
                }
                else
                {
                    socket.Dispose();
                }
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // A connection that was gone before it was taken; or the end.
                await Task.Delay(_ended.IsCancellationRequested ? 0 : 10).ConfigureAwait(false);
            }
        }
    }

    private async Task Greet(Socket socket)
    {
        var from = "somebody";
        Stream? stream = null;
        try
        {
            from = (socket.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? from;
            LinkSocket.Set(socket);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
            limit.CancelAfter(GreetingLimit);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (_identity!.Certificates is { } certificates)
            {
                var tls = new SslStream(stream);
                stream = tls;
                await tls.AuthenticateAsServerAsync(certificates.Server, limit.Token).ConfigureAwait(false);
            }

            if (await Answer(stream, limit.Token).ConfigureAwait(false) is { } hello)
            {
                Begin(stream, hello);
                return;
            }
        }
        catch (Exception error)
        {
            // Whatever a stranger manages to cause.
            if (error is not IOException && !_ended.IsCancellationRequested)
            {
                _refused.Say($"a link of {from} was refused: {error.Message.ReplaceLineEndings(" ")}");
            }
        }
        finally
        {
            _greeting.Release();
        }

        if (stream is not null)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }

        socket.Dispose();
    }

    /// <summary>Answers a greeting; who sends letters from now on, or null.</summary>
    private async Task<LinkHello?> Answer(Stream stream, CancellationToken cancellation)
    {
        var hello = await LinkHello.Read(stream, cancellation).ConfigureAwait(false);
        var place = NodePlace.Parse(hello.Place);
        var why = hello.Words != _identity!.Version
            ? $"node {hello.Name} runs FitCluster {hello.Words}, node {_identity.Name} runs {_identity.Version}: run the same on every node"
            : place is null ? $"'{hello.Place}' is no place of a node"
            : hello.Purpose is not (LinkPurpose.Probe or LinkPurpose.Letters) ? $"a link for purpose {hello.Purpose} is not known here"
            : hello.Purpose == LinkPurpose.Probe ? await WhyOutOfReach(hello, place.Value).ConfigureAwait(false)
            : null;
        if (why is not null)
        {
            _refused.Say(why);
        }

        await _identity.Hello(why is null ? LinkPurpose.Accepted : LinkPurpose.Refused, why ?? _identity.Version)
            .Write(stream, cancellation).ConfigureAwait(false);
        return why is null && hello.Purpose == LinkPurpose.Letters ? hello : null;
    }

    /// <summary>Whether a node that wants to join can be reached by both of its ports; in words why not.</summary>
    private async Task<string?> WhyOutOfReach(LinkHello hello, NodePlace place)
    {
        foreach (var port in (int[])[place.LinkPort, place.Port])
        {
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
                limit.CancelAfter(ProbeLimit);
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(new DnsEndPoint(place.Host, port), limit.Token).ConfigureAwait(false);
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                var how = error is OperationCanceledException ? "no answer" : error.Message;
                return $"node {hello.Name} says that it is at {place.Host}:{port}, where node {_identity!.Name} cannot reach it ({how}): " +
                    "give an address that every node can reach by --advertise, and let the port pass";
            }
        }

        return null;
    }

    private void Begin(Stream stream, LinkHello hello)
    {
        lock (_open)
        {
            if (_ended.IsCancellationRequested || _open.Count >= MostLinks)
            {
                stream.Dispose();
                return;
            }

            _open.Add(stream);
        }

        new Thread(() => Read(stream, hello)) { Name = $"fitcluster link from {hello.Name}", IsBackground = true }.Start();
    }

    private void Read(Stream stream, LinkHello hello)
    {
        try
        {
            using var buffered = new BufferedStream(stream, 1 << 16);
            while (!_ended.IsCancellationRequested)
            {
                var (kind, bytes) = LinkItem.Read(buffered);
                try
                {
                    _take(hello, kind, bytes);
                }
                catch (FrameException error)
                {
                    _refused.Say($"a message of node {hello.Name} was dropped: {error.Message}");
                }
            }
        }
        catch (FrameException error)
        {
            _refused.Say($"the link of node {hello.Name} was ended: {error.Message}");
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or NotSupportedException)
        {
            // It has ended.
        }
        catch (Exception error)
        {
            // A fault of ours; on a thread of its own it would end the process, and every other link.
            _refused.Say($"the link of node {hello.Name} was ended: {error.GetType().Name}: {error.Message}");
        }
        finally
        {
            lock (_open)
            {
                _open.Remove(stream);
            }

            stream.Dispose();
        }
    }
}
