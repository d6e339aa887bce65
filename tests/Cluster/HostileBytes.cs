using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FitCluster.Messages;

namespace FitCluster.Cluster.Tests;

/// <summary>What somebody might send to the two ports of a node. Made by hand, so that it is of the form on the wire.</summary>
internal static class HostileBytes
{
    private const byte Letters = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The first words on a link, as a node of this version says them.</summary>
    public static byte[] Hello(string name, string place, string version, byte purpose = Letters, int protocol = 1)
    {
        var bytes = new List<byte>("FCLK"u8.ToArray());
        bytes.AddRange(BitConverter.GetBytes(protocol));
        bytes.Add(purpose);
        bytes.AddRange(BitConverter.GetBytes(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()));
        foreach (var text in new[] { name, place, version })
        {
            bytes.AddRange(BitConverter.GetBytes((ushort)Encoding.UTF8.GetByteCount(text)));
            bytes.AddRange(Encoding.UTF8.GetBytes(text));
        }

        return [.. bytes];
    }

    /// <summary>An item of a link, around a letter with a frame.</summary>
    public static byte[] Item(byte kind, byte[] letter)
    {
        var item = new byte[5 + letter.Length];
        BinaryPrimitives.WriteInt32LittleEndian(item, letter.Length);
        item[4] = kind;
        letter.CopyTo(item, 5);
        return item;
    }

    /// <summary>A letter to an actor, as LetterFormat has it.</summary>
    public static byte[] Letter(string kind, string id, byte[] frame)
    {
        var letter = new byte[33 + kind.Length + id.Length + frame.Length];
        "FL"u8.CopyTo(letter);
        (letter[2], letter[3], letter[4]) = (1, (byte)kind.Length, (byte)id.Length);
        Encoding.ASCII.GetBytes(kind + id).CopyTo(letter, 33);
        frame.CopyTo(letter, 33 + kind.Length + id.Length);
        return letter;
    }

    /// <summary>A message as frame.</summary>
    public static byte[] Frame(IMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MessageCodec.Encode(message, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Changes some bytes, or the length.</summary>
    public static byte[] Mutated(byte[] bytes, Random random)
    {
        var copy = bytes.ToList();
        for (var n = random.Next(1, 6); n > 0; n--)
        {
            var at = random.Next(copy.Count);
            switch (random.Next(4))
            {
                case 0:
                    copy[at] = (byte)random.Next(256);
                    break;
                case 1:
                    copy[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    copy.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    copy.RemoveRange(at, int.Min(copy.Count - at - (at == 0 ? 1 : 0), random.Next(1, 9)));
                    break;
            }
        }

        return [.. copy];
    }

    /// <summary>Sends pieces to a port of loopback, until they are gone or the other has had enough.</summary>
    public static async Task Send(int port, IEnumerable<byte[]> pieces)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            using var client = new TcpClient { LingerState = new LingerOption(true, 1) };
            await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            var stream = client.GetStream();
            foreach (var piece in pieces)
            {
                await stream.WriteAsync(piece, limit.Token);
            }
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
        {
            // It has closed the connection, as it may.
        }
    }

    /// <summary>Says hello without TLS where TLS is wanted; fails unless the connection is ended without an answer of FitCluster.</summary>
    public static async Task TalkPlainly(int port)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
        var stream = client.GetStream();
        var answer = new byte[1000];
        var read = 0;
        try
        {
            await stream.WriteAsync(Hello("stranger", "127.0.0.1:1+2", "0.0.0"), limit.Token);
            for (int n; (n = await stream.ReadAsync(answer.AsMemory(read), limit.Token)) > 0; read += n)
            {
            }
        }
        catch (IOException)
        {
            // Reset.
        }

        Xunit.Assert.DoesNotContain("FCLK", Encoding.ASCII.GetString(answer, 0, read), StringComparison.Ordinal);
    }
}
