using System.Text;
using System.Text.Json;
using FitCluster.Messages;

namespace FitCluster.Engine;

/// <summary>
/// manifest.json: what the checkpoint is made of. Its last field is the SHA-256 of the file itself, taken with 64 zeros in that place.
/// </summary>
internal static class ManifestFile
{
    private const int CurrentFormat = 1;
    private static readonly string Zeros = new('0', 64);

    public static byte[] Write(CheckpointManifest manifest)
    {
        var content = new Content(
            CurrentFormat,
            manifest.Job.Value,
            manifest.Attempt.Value,
            manifest.Round.Value,
            manifest.SpecHash,
            manifest.DataHash,
            manifest.Shards,
            [
                .. manifest.Parts.Select(
                    p => new Part(p.Shard.Value, p.Attempt.Value, Path.GetFileName(FileOf(manifest, p)), p.Checksum, p.Bytes)),
            ],
            Zeros);
        var text = JsonSerializer.SerializeToUtf8Bytes(content, CheckpointJson.Options);
        Encoding.ASCII.GetBytes(CheckpointRules.Checksum(text), text.AsSpan(PlaceOfChecksum(text)));
        return text;
    }

    /// <summary>Reads a manifest and verifies its checksum.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or made by a newer version.</exception>
    public static CheckpointManifest Read(byte[] text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var format = document.RootElement.GetProperty("format").GetInt32();
            if (format > CurrentFormat)
            {
                throw new InvalidDataException(
                    $"it was made by a newer version of FitCluster (format {format}, this program reads {CurrentFormat})");
            }

            var content = document.RootElement.Deserialize<Content>(CheckpointJson.Options)!;
            var blank = (byte[])text.Clone();
            Encoding.ASCII.GetBytes(Zeros, blank.AsSpan(PlaceOfChecksum(text)));
            if (CheckpointRules.Checksum(blank) != content.Sha256)
            {
                throw new InvalidDataException("its own SHA-256 differs");
            }

            return new CheckpointManifest(
                new JobName(content.Job),
                new Attempt(content.Attempt),
                new Round(content.Round),
                content.SpecHash,
                content.DataHash,
                content.Shards,
                [.. content.Parts.Select(p => new CheckpointPart(new ShardId(p.Shard), new Attempt(p.Attempt), p.Sha256, p.Bytes))]);
        }
        catch (Exception error) when (
            error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"it cannot be read ({error.Message})", error);
        }
    }

    private static string FileOf(CheckpointManifest manifest, CheckpointPart part) =>
        new CheckpointPaths("/").Part(manifest.Job, manifest.Round, part.Shard, part.Attempt);

    /// <summary>Where the 64 digits of the file's own checksum begin: the last text in the file.</summary>
    private static int PlaceOfChecksum(byte[] text)
    {
        var end = text.AsSpan().LastIndexOf((byte)'"');
        return end >= 64 ? end - 64 : throw new InvalidDataException("it has no checksum at its end");
    }

    private sealed record Content(
        int Format,
        string Job,
        long Attempt,
        long Round,
        string SpecHash,
        string DataHash,
        int Shards,
        IReadOnlyList<Part> Parts,
        string Sha256);

    private sealed record Part(int Shard, long Attempt, string File, string Sha256, long Bytes);
}
