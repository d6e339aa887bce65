using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FitCluster.Data.Store;

/// <summary>A file of a store: its length and the SHA-256 of each block of it.</summary>
internal sealed record StoreFile(string Name, long Length, int BlockBytes, IReadOnlyList<string> BlockSha256);

/// <summary>The header of a store, as store.json. Its own checksum is over its text with that field empty.</summary>
internal sealed record StoreHeader
{
    public const string Kind = "fitcluster-store";
    public const int CurrentVersion = 1;

    private static readonly JsonSerializerOptions _json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    public required string Format { get; init; }

    public required int Version { get; init; }

    public required long Rows { get; init; }

    public required int Columns { get; init; }

    public required bool Sparse { get; init; }

    public required bool UnstoredMissing { get; init; }

    public required long Stored { get; init; }

    public required long Missing { get; init; }

    public required string ContentHash { get; init; }

    public required Transform Transform { get; init; }

    public required MissingEntries MissingOption { get; init; }

    public required bool RowsSelected { get; init; }

    public required bool ColumnsSelected { get; init; }

    public required MatrixFacts Facts { get; init; }

    public required IReadOnlyList<StoreFile> Files { get; init; }

    public required string Sha256 { get; init; }

    public byte[] ToBytes()
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this with { Sha256 = "" }, _json)));
        return JsonSerializer.SerializeToUtf8Bytes(this with { Sha256 = hash }, _json);
    }

    /// <summary>Reads and checks a header.</summary>
    /// <param name="bytes">What store.json holds.</param>
    /// <param name="path">Where it is, for errors.</param>
    public static StoreHeader Read(byte[] bytes, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out var format) ||
                format.ValueKind != JsonValueKind.String || format.GetString() != Kind)
            {
                throw new DataException($"{path} is not the header of a FitCluster store; give a folder written by fitcluster ingest");
            }

            if (root.TryGetProperty("version", out var version) && version.TryGetInt32(out var number) && number != CurrentVersion)
            {
                throw new DataException(
                    $"{path} is a store of version {number}, and this program reads version {CurrentVersion}; ingest the data again");
            }

            var header = root.Deserialize<StoreHeader>(_json)!;
            return header.ToBytes().AsSpan().SequenceEqual(bytes)
                ? header
                : throw new DataException($"{path} is damaged: its checksum differs; ingest the data again");
        }
        catch (JsonException e)
        {
            throw new DataException($"{path} is damaged: it cannot be read as JSON; ingest the data again", e);
        }
    }
}
