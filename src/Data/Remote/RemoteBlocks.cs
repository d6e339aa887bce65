using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using FitCluster.Data.Storage;
using FitCluster.Data.Store;

namespace FitCluster.Data.Remote;

/// <summary>
/// A file of a store at a URL. Each block is fetched once, when it is first needed, by range requests; checked against its
/// SHA-256; and kept in a file without a name that takes the room of what was fetched. Thread-safe: of threads that need the
/// same block one fetches it, and the others wait.
/// </summary>
internal sealed class RemoteBlocks : StoreBlocks
{
    /// <summary>A request asks for so many bytes at most, so that several shards are loaded side by side.</summary>
    private const long MostBytesInRequest = 1 << 26;

    private const int MostBlockBytes = 1 << 28;

    private readonly RemoteClient _client;
    private readonly DataUrl _url;
    private readonly StoreFile _file;
    private readonly SparseFile _kept;
    private readonly State[] _states;

    public RemoteBlocks(RemoteClient client, DataUrl url, StoreFile file)
    {
        (_client, _url, _file) = (client, url, file);
        if (file.Length < 1 || file.BlockBytes is < 1 or > MostBlockBytes ||
            file.BlockSha256.Count != (file.Length + file.BlockBytes - 1) / file.BlockBytes)
        {
            throw new DataException($"{url} has no checksums for all of its blocks; ingest the data again");
        }

        _states = new State[file.BlockSha256.Count];
        try
        {
            _kept = new SparseFile(client.Options.CacheFolder, file.Length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CannotKeep(error);
        }
    }

    private enum State : byte
    {
        Absent,
        OnItsWay,
        Here,
    }

    public override unsafe byte* Pointer => _kept.Pointer;

    public override long Length => _file.Length;

    public override void Check(long offset, long length)
    {
        if (length <= 0)
        {
            return;
        }

        var (first, last) = (offset / _file.BlockBytes, (offset + length - 1) / _file.BlockBytes);
        while (Claim(first, last) is { } run)
        {
            Fetch(run.First, run.Count);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _kept.Dispose();
        }
    }

    /// <summary>The next blocks that this thread is to fetch; null when all are here, for which it waits.</summary>
    private (long First, int Count)? Claim(long first, long last)
    {
        lock (_states)
        {
            while (true)
            {
                var areOnTheirWay = false;
                for (var b = first; b <= last; b++)
                {
                    areOnTheirWay |= _states[b] == State.OnItsWay;
                    if (_states[b] != State.Absent)
                    {
                        continue;
                    }

                    var count = 0;
                    while (b + count <= last && _states[b + count] == State.Absent &&
                        (count == 0 || (count + 1L) * _file.BlockBytes <= MostBytesInRequest))
                    {
                        _states[b + count++] = State.OnItsWay;
                    }

                    return (b, count);
                }

                if (!areOnTheirWay)
                {
                    return null;
                }

                Monitor.Wait(_states);
            }
        }
    }

    private void Fetch(long first, int count)
    {
        var (next, end) = (first, first + count);
        try
        {
            _client.Get(
                _url,
                request => request.Headers.Range =
                    new RangeHeaderValue(next * _file.BlockBytes, long.Min(end * _file.BlockBytes, Length) - 1),
                async answer =>
                {
                    CheckAnswer(answer, next * _file.BlockBytes, end == _states.Length);
                    var stream = await answer.Content.ReadAsStreamAsync().ConfigureAwait(false);
                    await using (stream.ConfigureAwait(false))
                    {
                        while (next < end)
                        {
                            await TakeBlock(stream, next).ConfigureAwait(false);
                            Set(next++, State.Here);
                        }
                    }

                    return true;
                });
        }
        catch (DiskException error)
        {
            throw CannotKeep(error.InnerException!);
        }
        finally
        {
            while (next < end)
            {
                Set(next++, State.Absent);
            }
        }
    }

    private void CheckAnswer(HttpResponseMessage answer, long offset, bool toTheEnd)
    {
        if (answer.StatusCode == HttpStatusCode.OK)
        {
            if (offset == 0 && toTheEnd)
            {
                // All of it was asked for anyway.
                CheckLength(answer.Content.Headers.ContentLength);
                return;
            }

            throw new RemoteFailure(
                "is not served in parts: its server ignores range requests; use one that takes them (nginx, an object storage), or " +
                "mount the folder", false);
        }

        if (answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            CheckLength(answer.Content.Headers.ContentRange?.Length ?? 0);
        }

        RemoteClient.Expect(answer.StatusCode == HttpStatusCode.PartialContent, answer);
        CheckLength(answer.Content.Headers.ContentRange?.Length);
        if (answer.Content.Headers.ContentRange?.From != offset)
        {
            throw new RemoteFailure($"was asked for from byte {offset}, and its server sent other bytes; use another server", false);
        }
    }

    private void CheckLength(long? length)
    {
        if (length is { } other && other != Length)
        {
            throw new RemoteFailure(
                $"has {other} bytes where {Length} belong to the store; it is cut off or changed: ingest the data again", false);
        }
    }

    private async Task TakeBlock(Stream stream, long block)
    {
        var (start, count) = (block * _file.BlockBytes, (int)long.Min(_file.BlockBytes, Length - (block * _file.BlockBytes)));
        var bytes = ArrayPool<byte>.Shared.Rent(count);
        try
        {
            for (int got = 0, more; got < count; got += more)
            {
                more = await _client.Read(stream, bytes.AsMemory(got, count - got)).ConfigureAwait(false);
                if (more == 0)
                {
                    throw new RemoteFailure($"broke off at byte {start + got}", true);
                }
            }

            if (Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, count))) != _file.BlockSha256[(int)block])
            {
                throw new RemoteFailure(
                    $"is damaged or was changed: block {block} (bytes {start} to {start + count}) differs from its checksum; ingest " +
                    "the data again", false);
            }

            Keep(start, bytes.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private void Keep(long start, ReadOnlySpan<byte> bytes)
    {
        try
        {
            _kept.Write(start, bytes);
        }
        catch (IOException error)
        {
            throw new DiskException(error.Message, error);
        }
    }

    private void Set(long block, State state)
    {
        lock (_states)
        {
            _states[block] = state;
            Monitor.PulseAll(_states);
        }
    }

    private DataException CannotKeep(Exception error) => new(
        $"what is read of {_url} cannot be kept in {_client.Options.CacheFolder} ({error.Message}); make room there, or set " +
        "FITCLUSTER_CACHE to another folder", error);
}
