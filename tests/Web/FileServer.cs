using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace FitCluster.Web;

/// <summary>
/// A folder over HTTP on loopback, with ranges, ETags and a log; and, where a test says so, with what goes wrong with servers.
/// </summary>
internal sealed class FileServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _folder;
    private readonly Task _accepting;

    public FileServer(string folder)
    {
        _folder = folder;
        _listener.Start();
        _accepting = Accept();
    }

    /// <summary>Without a slash at its end.</summary>
    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public ConcurrentQueue<Request> Log { get; } = new();

    /// <summary>What goes wrong with a request; asked for each.</summary>
    public Func<Request, Fault?> Faults { get; set; } = _ => null;

    public bool TakesRanges { get; set; } = true;

    public bool HasETags { get; set; } = true;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _ = Task.Run(() => Serve(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                var line = (await reader.ReadLineAsync())!.Split(' ');
                var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                while (await reader.ReadLineAsync() is { Length: > 0 } header)
                {
                    headers[header[..header.IndexOf(':')]] = header[(header.IndexOf(':') + 1)..].Trim();
                }

                await Answer(stream, line[1], headers);
                client.Client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is IOException or SocketException or NullReferenceException)
            {
                // The client has gone.
            }
        }
    }

    private async Task Answer(NetworkStream stream, string target, Dictionary<string, string> headers)
    {
        var path = Uri.UnescapeDataString(target.Split('?')[0]).TrimStart('/');
        var request = new Request
        {
            Path = path, Target = target, Agent = headers.GetValueOrDefault("User-Agent", ""),
            Authorization = headers.GetValueOrDefault("Authorization", ""),
            Range = headers.GetValueOrDefault("Range", ""),
        };
        Log.Enqueue(request);
        var fault = Faults(request);
        if (fault?.SilentFor is { } time)
        {
            await Task.Delay(time);
        }

        var file = Path.Combine(_folder, path);
        var status = fault?.Status ?? (File.Exists(file) ? 200 : 404);
        var whole = status == 200 ? await File.ReadAllBytesAsync(file) : Encoding.ASCII.GetBytes("no");
        var tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(whole))[..16]}\"";
        var (from, to) = (0L, whole.Length - 1L);
        var more = new StringBuilder();
        if (status == 200 && HasETags)
        {
            more.Append(CultureInfo.InvariantCulture, $"ETag: {tag}\r\n");
            if (headers.GetValueOrDefault("If-None-Match") == tag)
            {
                (status, whole, to) = (304, [], -1);
            }
        }

        if (status == 200 && TakesRanges && request.Range.StartsWith("bytes=", StringComparison.Ordinal) &&
            headers.GetValueOrDefault("If-Range", tag) == tag)
        {
            var ends = request.Range["bytes=".Length..].Split('-');
            from = long.Parse(ends[0], CultureInfo.InvariantCulture);
            to = ends[1].Length > 0 ? long.Min(to, long.Parse(ends[1], CultureInfo.InvariantCulture)) : to;
            status = from <= to ? 206 : 416;
            more.Append(
                status == 206 ? $"Content-Range: bytes {from}-{to}/{whole.Length}\r\n" : $"Content-Range: bytes */{whole.Length}\r\n");
            to = status == 206 ? to : from - 1;
        }

        request.Status = status;
        var body = whole.AsMemory((int)long.Min(from, whole.Length), (int)(to - from + 1));
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {status} {(HttpStatusCode)status}\r\nContent-Length: {body.Length}\r\nContent-Type: " +
            $"{fault?.ContentType ?? "application/octet-stream"}\r\nConnection: close\r\n{more}\r\n"));
        if (fault?.CutAfter is { } cut && cut < body.Length)
        {
            body = body[..cut];
        }

        if (fault?.Damage == true)
        {
            var damaged = body.ToArray();
            damaged[damaged.Length / 2] ^= 1;
            body = damaged;
        }

        await stream.WriteAsync(body);
        request.Bytes = body.Length;
    }

    /// <summary>A request, and what it was answered.</summary>
    public sealed record Request
    {
        public required string Path { get; init; }

        public required string Target { get; init; }

        public required string Agent { get; init; }

        public required string Authorization { get; init; }

        public required string Range { get; init; }

        public int Status { get; set; }

        public long Bytes { get; set; }
    }

    /// <summary>What goes wrong.</summary>
    public sealed record Fault(
        int? Status = null, int? CutAfter = null, TimeSpan? SilentFor = null, bool Damage = false, string? ContentType = null);
}
