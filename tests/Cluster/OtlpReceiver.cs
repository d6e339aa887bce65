using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FitCluster.Cluster.Tests;

/// <summary>Takes what OpenTelemetry sends by http/protobuf, and reads of it what the tests ask for.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _receiving;

    public OtlpReceiver()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
        free.Stop();
        _listener.Prefixes.Add(Url);
        _listener.Start();
        _receiving = Receive();
    }

    public string Url { get; }

    public ConcurrentQueue<Span> Spans { get; } = new();

    /// <summary>Service and name of each metric that came.</summary>
    public ConcurrentDictionary<(string Service, string Name), bool> Metrics { get; } = new();

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _receiving;
        _listener.Close();
    }

    private async Task Receive()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                Take(context.Request.Url!.AbsolutePath, body.ToArray());
                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    /// <summary>
    /// ExportTraceServiceRequest or ExportMetricsServiceRequest: resource (1, with attributes 1) and scopes (2,
    /// with spans or metrics 2) of each field 1.
    /// </summary>
    private void Take(string path, byte[] message)
    {
        foreach (var (_, part) in Fields(message).Where(f => f.Number == 1))
        {
            var resource = Fields(part).Where(f => f.Number == 1).SelectMany(f => Attributes(f.Bytes, 1)).ToDictionary();
            foreach (var item in Fields(part).Where(f => f.Number == 2).SelectMany(
                scope => Fields(scope.Bytes).Where(f => f.Number == 2).Select(f => Fields(f.Bytes))))
            {
                if (path == "/v1/metrics")
                {
                    Metrics[(resource["service.name"], Encoding.UTF8.GetString(item.First(f => f.Number == 1).Bytes))] = true;
                }
                else if (path == "/v1/traces")
                {
                    string Hex(int number) =>
                        Convert.ToHexStringLower(item.Where(f => f.Number == number).Select(f => f.Bytes).FirstOrDefault([]));
                    Spans.Enqueue(new Span(
                        Encoding.UTF8.GetString(item.First(f => f.Number == 5).Bytes), Hex(1), Hex(2), Hex(4), resource["service.name"],
                        resource["service.instance.id"]));
                }
            }
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Attributes(byte[] message, int number) =>
        Fields(message).Where(f => f.Number == number).Select(f => Fields(f.Bytes)).Select(pair => KeyValuePair.Create(Encoding.UTF8
            .GetString(pair.First(f => f.Number == 1).Bytes),
            Encoding.UTF8.GetString(Fields(pair.First(f => f.Number == 2).Bytes).Select(f => f.Bytes).FirstOrDefault([]))));

    /// <summary>The length-delimited fields of a protobuf message; others are passed over.</summary>
    private static List<(int Number, byte[] Bytes)> Fields(byte[] message)
    {
        var (fields, at) = (new List<(int, byte[])>(), 0);
        ulong Varint()
        {
            var value = 0UL;
            for (var shift = 0; ; shift += 7)
            {
                var b = message[at++];
                value |= (ulong)(b & 0x7f) << shift;
                if (b < 0x80)
                {
                    return value;
                }
            }
        }

        while (at < message.Length)
        {
            var key = Varint();
            switch (key & 7)
            {
                case 0:
                    Varint();
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint();
                    fields.Add(((int)(key >> 3), message[at..(at + length)]));
                    at += length;
                    break;
                default:
                    at += 4;
                    break;
            }
        }

        return fields;
    }

    public sealed record Span(string Name, string Trace, string Id, string Parent, string Service, string Node);
}
