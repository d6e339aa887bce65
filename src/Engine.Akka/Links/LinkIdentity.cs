using System.Net.Security;
using System.Net.Sockets;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>Who a node is on links, and how it begins one.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Place">Where others reach it.</param>
/// <param name="Version">The program's version.</param>
/// <param name="Certificates">The certificates; null: none.</param>
internal sealed record LinkIdentity(string Name, NodePlace Place, string Version, NodeCertificates? Certificates)
{
    /// <summary>Connects to another node and says who this one is.</summary>
    /// <param name="to">The other.</param>
    /// <param name="purpose">What for.</param>
    /// <param name="cancellation">Ends trying.</param>
    /// <returns>The connection, to be disposed of, and what the other said.</returns>
    /// <exception cref="SocketException">It cannot be reached.</exception>
    /// <exception cref="IOException">The connection has ended.</exception>
    /// <exception cref="FrameException">The other is none, or refuses; the words say why.</exception>
    public async Task<(Stream Stream, LinkHello Answer)> Connect(NodePlace to, LinkPurpose purpose, CancellationToken cancellation)
    {
        var socket = LinkSocket.Set(new Socket(SocketType.Stream, ProtocolType.Tcp));
        try
        {
            await socket.ConnectAsync(to.Link, cancellation).ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (Certificates is { } certificates)
            {
                var tls = new SslStream(stream);
                stream = tls;
                await tls.AuthenticateAsClientAsync(certificates.Client, cancellation).ConfigureAwait(false);
            }

            await Hello(purpose, Version).Write(stream, cancellation).ConfigureAwait(false);
            var answer = await LinkHello.Read(stream, cancellation).ConfigureAwait(false);
            return answer.Purpose == LinkPurpose.Accepted ? (stream, answer) : throw new FrameException(answer.Words);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What this node says of itself.</summary>
    public LinkHello Hello(LinkPurpose purpose, string words) => new(purpose, Name, Place.ToString(), words, DateTimeOffset.UtcNow);
}
