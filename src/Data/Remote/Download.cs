using System.Globalization;
using System.Net;

namespace FitCluster.Data.Remote;

/// <summary>
/// A download on its way into a folder of its own: it goes on where an attempt broke off, if the content is still the same.
/// </summary>
internal sealed class Download : IDisposable
{
    private readonly string _folder;
    private readonly string _name;
    private readonly long _mostBytes;
    private FileStream? _file;

    public Download(string folder, string name, long mostBytes)
    {
        (_folder, _name, _mostBytes) = (folder, name, mostBytes);
        if (Directory.Exists(folder))
        {
            // A process that was killed left it.
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The bytes that are there.</summary>
    public long Length { get; private set; }

    /// <summary>
    /// The ETag or date of what is there; without one nobody can say whether the rest is of the same content, and each attempt begins anew.
    /// </summary>
    public string? Validator { get; private set; }

    /// <summary>An answer has come: the rest, or all of it anew.</summary>
    public void Begin(HttpResponseMessage answer, string? validator)
    {
        Directory.CreateDirectory(_folder);
        _file ??= new FileStream(Path.Combine(_folder, _name), FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
        if (answer.StatusCode != HttpStatusCode.PartialContent || answer.Content.Headers.ContentRange?.From != Length ||
            validator != Validator)
        {
            if (answer.StatusCode == HttpStatusCode.PartialContent)
            {
                throw new RemoteFailure("was asked for from where it broke off, and its server sent other bytes; use another server",
                    false);
            }

            _file.SetLength(0);
            _file.Position = Length = 0;
        }

        Validator = validator;
        CheckSize(Length + (answer.Content.Headers.ContentLength ?? 0));
    }

    public ValueTask Write(ReadOnlyMemory<byte> piece)
    {
        CheckSize(Length + piece.Length);
        try
        {
            _file!.Write(piece.Span);
        }
        catch (IOException error)
        {
            throw new DiskException(error.Message, error);
        }

        Length += piece.Length;
        return ValueTask.CompletedTask;
    }

    /// <summary>All of it is there: brings it to the disk.</summary>
    public void Finish(string validatorsName)
    {
        _file!.Flush(flushToDisk: true);
        _file.Dispose();
        File.WriteAllText(Path.Combine(_folder, validatorsName), Validator is null ? "" : Validator + "\n");
    }

    public void Dispose() => _file?.Dispose();

    private void CheckSize(long bytes)
    {
        if (bytes > _mostBytes)
        {
            throw new RemoteFailure(
                string.Create(CultureInfo.InvariantCulture,
                    $"has more than {_mostBytes / 1e6:0.#} MB, all that the cache may hold; set FITCLUSTER_CACHE_MB higher, or give the " +
                    $"URL of a store (fitcluster ingest), of which only what is needed is read"), false);
        }
    }
}
