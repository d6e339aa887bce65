using System.IO.Compression;
using System.Text.Json;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// A part as .npz: an uncompressed zip of one .npy for each array and header.json, which np.load opens. The same state gives the same
/// bytes: the entries are in the order of the arrays, and dated 1980.
/// </summary>
internal static class PartFile
{
    private static readonly DateTimeOffset Date = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void Write(Stream to, SavePart save)
    {
        var header = PartHeader.Of(save);
        using var zip = new ZipArchive(to, ZipArchiveMode.Create, leaveOpen: true);
        using (var entry = Create(zip, PartHeader.EntryName))
        {
            entry.Write(JsonSerializer.SerializeToUtf8Bytes(header, CheckpointJson.Options));
        }

        for (var i = 0; i < save.State.Count; i++)
        {
            using var entry = Create(zip, header.Arrays[i].Entry);
            NpyFormat.Write(entry, save.State[i].Values, save.State[i].Shape);
        }
    }

    /// <summary>Reads a part whose checksum is known to be right.</summary>
    /// <exception cref="InvalidDataException">The content is not what <see cref="Write"/> makes.</exception>
    public static ArraySet Read(string path, CancellationToken cancellation)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16);
        using var zip = new ZipArchive(file, ZipArchiveMode.Read);
        var header = ReadHeader(zip);
        var state = new ArraySet();
        foreach (var array in header.Arrays)
        {
            cancellation.ThrowIfCancellationRequested();
            var entry = zip.GetEntry(array.Entry) ?? throw new InvalidDataException($"it has no entry '{array.Entry}'");
            using var values = entry.Open();
            state.Set(new NamedArray(array.Name, NpyFormat.Read(values, array.Shape, entry.Length), array.Shape, array.Reduction));
        }

        return state;
    }

    private static PartHeader ReadHeader(ZipArchive zip)
    {
        var entry = zip.GetEntry(PartHeader.EntryName) ?? throw new InvalidDataException($"it has no entry '{PartHeader.EntryName}'");
        try
        {
            using var text = entry.Open();
            using var document = JsonDocument.Parse(text);
            var format = document.RootElement.GetProperty("format").GetInt32();
            return format <= PartHeader.CurrentFormat
                ? document.RootElement.Deserialize<PartHeader>(CheckpointJson.Options)!
                : throw new InvalidDataException(
                    $"it was made by a newer version of FitCluster (format {format}, this program reads {PartHeader.CurrentFormat})");
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"its {PartHeader.EntryName} cannot be read ({error.Message})", error);
        }
    }

    private static Stream Create(ZipArchive zip, string name)
    {
        var entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
        entry.LastWriteTime = Date;
        return entry.Open();
    }
}
