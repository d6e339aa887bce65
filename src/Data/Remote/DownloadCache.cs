using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace FitCluster.Data.Remote;

/// <summary>
/// Whole files by URL, each downloaded once for a machine while it does not change. One is the folder KEY-TAG, KEY of the URL, TAG of its
/// ETag or its date: with the file under its own name, and "validators", which who reads the file holds open. A file without ETag and date
/// is downloaded each time. Processes may share a cache.
/// </summary>
internal sealed class DownloadCache(RemoteClient client)
{
    private const string Validators = "validators";
    private const int KeyLength = 32;
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(100);

    private readonly string _folder = client.Options.CacheFolder;

    /// <summary>The file at a URL, downloaded unless it is there. Null when there is none at the URL and it is not required.</summary>
    /// <exception cref="DataException">It could not be read, or not be kept.</exception>
    public CachedFile? Fetch(DataUrl url, bool isRequired)
    {
        var key = Hash(url.Uri.AbsoluteUri + " " + url.Credentials);
        try
        {
            Directory.CreateDirectory(_folder);
            using var alone = Lock(key);
            var partial = Path.Combine(_folder, key + ".partial");
            try
            {
                return Fetch(url, key, partial);
            }
            finally
            {
                if (Directory.Exists(partial))
                {
                    Directory.Delete(partial, recursive: true);
                }
            }
        }
        catch (DataException error) when (!isRequired && error.InnerException is RemoteFailure { IsAbsence: true })
        {
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException(
                $"{url} cannot be kept in {_folder} ({error.Message}); make room there, or set FITCLUSTER_CACHE to another folder", error);
        }
    }

    private CachedFile Fetch(DataUrl url, string key, string partial)
    {
        var known = Directory.GetDirectories(_folder, key + "-*").OrderByDescending(Directory.GetLastWriteTimeUtc).FirstOrDefault();
        var knownValidators = known is null ? [] : File.ReadAllLines(Path.Combine(known, Validators));
        using var download = new Download(partial, NameOf(url), client.Options.CacheBytes);
        return client.Get(
            url,
            request =>
            {
                if (download is { Length: > 0, Validator: not null })
                {
                    // Only the rest of the same content is of use.
                    request.Headers.Range = new RangeHeaderValue(download.Length, null);
                    request.Headers.TryAddWithoutValidation("If-Range", download.Validator);
                }
                else if (knownValidators.Length > 0)
                {
                    request.Headers.TryAddWithoutValidation(
                        knownValidators[0][0] is '"' or 'W' ? "If-None-Match" : "If-Modified-Since", knownValidators[0]);
                }
            },
            async answer =>
            {
                if (answer.StatusCode == HttpStatusCode.NotModified && known is not null)
                {
                    return Use(known, isKept: true);
                }

                RemoteClient.Expect(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent, answer);
                if (answer.Content.Headers.ContentType?.MediaType == "text/html")
                {
                    throw new RemoteFailure("is a web page, not data; give the URL of the data themselves", false);
                }

                var validator = answer.Headers.ETag?.ToString() ?? answer.Content.Headers.LastModified?.ToString("R");
                var entry = Path.Combine(_folder, $"{key}-{(validator is null ? Path.GetRandomFileName() : Hash(validator))}");
                if (Directory.Exists(entry))
                {
                    return Use(entry, isKept: true);
                }

                download.Begin(answer, validator);
                var expected = answer.Content.Headers.ContentLength ?? 0;
                MakeRoom(key, download.Length + expected);
                await client.Copy(answer, (piece, _) => download.Write(piece)).ConfigureAwait(false);
                download.Finish(Validators);
                Directory.Move(partial, entry);
                foreach (var superseded in Directory.GetDirectories(_folder, key + "-*").Where(d => d != entry))
                {
                    TryRemove(new DirectoryInfo(superseded), isLocked: true);
                }

                return Use(entry, isKept: validator is not null);
            });
    }

    /// <summary>
    /// Removes what was not used for longest until there is room; not what is being read, nor what belongs to the URL in hand.
    /// </summary>
    private void MakeRoom(string key, long bytes)
    {
        var entries = new DirectoryInfo(_folder).GetDirectories()
            .Where(d => IsEntry(d.Name) && !d.Name.StartsWith(key, StringComparison.Ordinal)).OrderBy(d => d.LastWriteTimeUtc).ToList();
        var left = entries.Sum(SizeOf) + bytes;
        foreach (var entry in entries)
        {
            if (left <= client.Options.CacheBytes && entry.Name.EndsWith(".partial", StringComparison.Ordinal) is false)
            {
                continue;
            }

            var size = SizeOf(entry);
            if (TryRemove(entry, isLocked: false))
            {
                left -= size;
            }
        }
    }

    private bool TryRemove(DirectoryInfo entry, bool isLocked)
    {
        try
        {
            using var alone = isLocked ? null : OpenLock(entry.Name[..KeyLength]);
            var validators = Path.Combine(entry.FullName, Validators);
            if (File.Exists(validators))
            {
                // Refused while somebody reads it.
                using var unused = new FileStream(validators, FileMode.Open, FileAccess.Read, FileShare.None);
            }

            entry.Delete(recursive: true);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static CachedFile Use(string entry, bool isKept)
    {
        var held = new FileStream(Path.Combine(entry, Validators), FileMode.Open, FileAccess.Read, FileShare.Read);
        Directory.SetLastWriteTimeUtc(entry, DateTime.UtcNow);
        return new CachedFile(Directory.GetFiles(entry).Single(f => Path.GetFileName(f) != Validators), held, isKept);
    }

    private FileStream Lock(string key)
    {
        while (true)
        {
            try
            {
                return OpenLock(key);
            }
            catch (IOException) when (File.Exists(Path.Combine(_folder, key + ".lock")))
            {
                // Another process or thread downloads it.
                Thread.Sleep(LockPause);
            }
        }
    }

    private FileStream OpenLock(string key) =>
        new(Path.Combine(_folder, key + ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    private static bool IsEntry(string name) => name.Length > KeyLength && name[..KeyLength].All(char.IsAsciiHexDigitLower);

    private static long SizeOf(DirectoryInfo entry) => entry.Exists ? entry.EnumerateFiles().Sum(f => f.Length) : 0;

    private static string NameOf(DataUrl url)
    {
        var name = string.Concat(url.FileName.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_'));
        name = name.Length > 100 ? name[^100..] : name;
        return name is Validators or "." or ".." ? name + "_" : name;
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..KeyLength];
}
