using System.IO.Compression;
using System.Text;

namespace FitCluster.Data.Reading;

/// <summary>
/// An .npz archive: NumPy arrays in a zip file. Each array is read through a file handle of its
/// own, so that several can be read side by side.
/// </summary>
internal sealed class NpzArchive
{
    private readonly string _path;

    public NpzArchive(string path)
    {
        _path = path;
        try
        {
            using var archive = ZipFile.OpenRead(path);
            Members = [.. archive.Entries.Select(e => e.FullName)];
        }
        catch (InvalidDataException e)
        {
            throw new DataException($"{path} is a zip file that is cut off or damaged; copy or write it again", e);
        }
    }

    public IReadOnlyList<string> Members { get; }

    public bool Has(string name) => Members.Contains(name + ".npy");

    public NpyReader Array(string name) => new(Stream(name + ".npy"), $"{_path}, array {name}");

    /// <summary>All values of a small array.</summary>
    public double[] Values(string name)
    {
        using var reader = Array(name);
        var values = new double[reader.Header.Count];
        reader.Read(values);
        return values;
    }

    /// <summary>A text, stored as an array without dimensions.</summary>
    public string Text(string name)
    {
        using var reader = Array(name);
        var bytes = new byte[reader.Header.ItemBytes];
        reader.ReadBytes(bytes);
        var encoding = reader.Header.Kind == 'S'
            ? Encoding.ASCII
            : reader.Header.BigEndian ? new UTF32Encoding(true, false) : Encoding.UTF32;
        return encoding.GetString(bytes).TrimEnd('\0');
    }

    public Stream Stream(string member)
    {
        var archive = ZipFile.OpenRead(_path);
        var entry = archive.GetEntry(member) ??
            throw new DataException($"{_path} has no array {member}; it has {string.Join(", ", Members)}");
        return new MemberStream(archive, entry.Open());
    }

    /// <summary>Closes the archive with the stream.</summary>
    private sealed class MemberStream(ZipArchive archive, Stream inner) : ForwardStream
    {
        public override int Read(Span<byte> buffer) => inner.Read(buffer);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
                archive.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
