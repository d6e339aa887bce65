using System.IO.Compression;
using System.Text;
using FitCluster.Data.Reading;
using Xunit;

namespace FitCluster.Data.Tests.Reading;

/// <summary>Members of gzip files, whatever lies between and behind them.</summary>
public sealed class GzipTests : TestFolder
{
    private const string Table = "id,a,b\nx,1,2\ny,3,4\n";

    // About the pieces in which a decoder asks for its bytes, and the buffer they come from.
    private static readonly int[] _sizes = [0, 1, 7, 8190, 8192, 8200, 16384, 20_000, 131_072, 300_000];

    [Fact]
    public void Members_with_zeros_between_and_behind_them_are_one_text()
    {
        var random = new Random(11);
        for (var run = 0; run < 30; run++)
        {
            var (file, content) = (new MemoryStream(), new MemoryStream());
            for (var member = random.Next(1, 6); member > 0; member--)
            {
                var part = new byte[_sizes[random.Next(_sizes.Length)]];
                random.NextBytes(part);
                part.AsSpan(0, random.Next(part.Length + 1)).Clear();
                content.Write(part);
                file.Write(Gzip(part, (CompressionLevel)random.Next(4)));
                file.Write(new byte[random.Next(3) * random.Next(9000)]);
            }

            Assert.True(content.ToArray().AsSpan().SequenceEqual(Read(file.ToArray(), random.Next(1, 50_000))), $"run {run}");
        }
    }

    [Fact]
    public void A_file_that_was_cut_off_anywhere_and_one_that_is_damaged_are_refused()
    {
        var first = Gzip(Encoding.UTF8.GetBytes(Table), CompressionLevel.Optimal);
        byte[] whole = [.. first, .. Gzip("z,5,6\n"u8, CompressionLevel.Optimal)];
        for (var length = 3; length < whole.Length; length++)
        {
            if (length != first.Length)
            {
                File.WriteAllBytes(PathOf("t.csv"), whole[..length]);
                Refused(PathOf("t.csv"), null, "was cut off");
            }
        }

        foreach (var at in new[] { first.Length - 8, first.Length - 1, whole.Length - 7, whole.Length - 4 })
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 4;
            File.WriteAllBytes(PathOf("t.csv"), damaged);
            Refused(PathOf("t.csv"), null, "is damaged");
        }
    }

    [Theory]
    [InlineData("hello", 0)]
    [InlineData("h", 600)]
    [InlineData("\u001f\u0001", 20)]
    public void What_is_no_gzip_behind_a_member_is_refused_with_its_place(string junk, int zeros)
    {
        var member = Gzip(Encoding.UTF8.GetBytes(Table), CompressionLevel.Optimal);
        File.WriteAllBytes(PathOf("t.csv"), [.. member, .. new byte[zeros], .. Encoding.Latin1.GetBytes(junk)]);
        Refused(PathOf("t.csv"), null, "something behind byte", $"head -c {member.Length + zeros}");
        File.WriteAllBytes(PathOf("t.csv"), Gzip(member, CompressionLevel.Fastest));
        Refused(PathOf("t.csv"), null, "gzipped twice");
    }

    [Fact]
    public void A_header_may_have_all_its_parts()
    {
        byte[] extra = [1, 2, 3], name = [.. "t.csv"u8, 0], comment = [.. "by hand"u8, 0], checksum = [9, 9];
        var member = Gzip("z,5,6\n"u8, CompressionLevel.Optimal);
        byte[] header = [0x1f, 0x8b, 8, 2 + 4 + 8 + 16, 0, 0, 0, 0, 0, 3, 3, 0];
        byte[] file = [.. Gzip(Encoding.UTF8.GetBytes(Table), 0), .. header, .. extra, .. name, .. comment, .. checksum, .. member[10..]];
        Assert.Equal(Table + "z,5,6\n", Encoding.UTF8.GetString(Read(file, 100)));
    }

    private byte[] Read(byte[] file, int at)
    {
        File.WriteAllBytes(PathOf("t.gz"), file);
        using var stream = TextFile.Open(PathOf("t.gz"));
        var (all, buffer) = (new MemoryStream(), new byte[at]);
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            all.Write(buffer.AsSpan(0, count));
        }

        return all.ToArray();
    }

    private static byte[] Gzip(ReadOnlySpan<byte> content, CompressionLevel level)
    {
        // .NET writes nothing at all of nothing.
        if (content.IsEmpty)
        {
            return [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        }

        var file = new MemoryStream();
        using (var gzip = new GZipStream(file, level))
        {
            gzip.Write(content);
        }

        return file.ToArray();
    }
}
