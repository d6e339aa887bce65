using FitCluster.Data.Store;
using Xunit;
using static FitCluster.Data.Tests.SmallWriters;

namespace FitCluster.Data.Tests.Store;

public sealed class MatrixStoreTests : TestFolder
{
    private static readonly double[][] _x = Example(50, 20, seed: 8);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_store_gives_back_the_matrix(bool dense)
    {
        var x = Example(50, 20, seed: 8);
        x[3][4] = dense ? double.NaN : 0;
        x[9][0] = dense ? double.NaN : 0;
        var path = dense ? Text("x.csv", Dense(x, [.. Names('r', 50).Select(r => r + " ä")], Names('g', 20))) : Text("x.mtx", Mtx(x));
        var read = MatrixSource.Open(path);
        var ingested = MatrixStore.Ingest(path, PathOf("store"));
        var opened = MatrixSource.Open(PathOf("store"));
        foreach (var store in new[] { ingested, opened })
        {
            Assert.Equal(x, Values(store));
            Assert.Equal(read.RowNames, store.RowNames);
            Assert.Equal(read.ColumnNames, store.ColumnNames);
            Assert.Equal(read.ContentHash, store.ContentHash);
            Assert.Equal(read.MissingCount, store.MissingCount);
            Assert.Equal(read.RowStoredCounts, store.RowStoredCounts);
            Assert.Equal(read.Facts with { Notes = [] }, store.Facts with { Notes = [] });
        }

        MatrixStore.Verify(PathOf("store"));
        Assert.False(Path.Exists(PathOf("store.partial")));
        Assert.False(Path.Exists(PathOf("store.partial.lock")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_matrix_larger_than_the_memory_limit_is_ingested_in_runs(bool byRow)
    {
        var random = new Random(2);
        var (rows, columns) = (600, 900);
        double[][] x = [.. Enumerable.Range(0, rows).Select(
            _ => Enumerable.Range(0, columns).Select(_ => random.Next(3) == 0 ? 0.0 : random.Next(1, 99)).ToArray())];
        var path = Text("x.mtx", Mtx(x, byColumn: !byRow));
        var store = MatrixStore.Ingest(path, PathOf("store"), memoryBytes: 1 << 20);
        Assert.True(store.StoredBytes > 4 << 20);
        Assert.Equal(MatrixSource.Open(path).ContentHash, store.ContentHash);
        Assert.Equal(x, Values(store));
        MatrixStore.Verify(PathOf("store"));
        Assert.Empty(Directory.GetFiles(PathOf("store"), "spill-*"));
    }

    [Fact]
    public void Options_are_applied_on_the_way_in_and_once()
    {
        var options = new MatrixOptions { Transform = Transform.Log1p, Columns = Selection.Parse("2-9"), Missing = MissingEntries.Zeros };
        var path = Text("x.mtx", Mtx(_x));
        var store = MatrixStore.Ingest(path, PathOf("store"), options);
        Assert.Equal(MatrixSource.Open(path, options).ContentHash, store.ContentHash);
        Assert.Equal(store.ContentHash, MatrixSource.Open(PathOf("store")).ContentHash);
        Refused(PathOf("store"), new MatrixOptions { Transform = Transform.Log1p }, "was ingested with the transform log1p");
        var part = MatrixStore.Ingest(PathOf("store"), PathOf("part"), new MatrixOptions { Rows = Selection.Parse("1-9") });
        Assert.Equal((Transform.Log1p, 9L, "c2"), (part.Facts.Transform, part.Rows, part.ColumnNames[0]));
        Refused(PathOf("part"), new MatrixOptions { Transform = Transform.Log1p }, "was ingested with the transform log1p");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_store_can_be_read_with_further_options(bool sparse)
    {
        var path = sparse ? Text("x.mtx", Mtx(_x)) : Text("x.csv", Dense(_x, Names('r', 50), Names('c', 20)));
        MatrixStore.Ingest(path, PathOf("store"));
        var options =
            new MatrixOptions { Transform = Transform.Log1pCp10k, Rows = Selection.Parse("3-20"), Columns = Selection.Parse("c1,c4") };
        Assert.Equal(MatrixSource.Open(path, options).ContentHash, MatrixSource.Open(PathOf("store"), options).ContentHash);
    }

    [Fact]
    public void Every_damaged_byte_and_every_cut_is_found_and_named()
    {
        MatrixStore.Ingest(Text("x.csv", Dense(_x, Names('a', 50), Names('b', 20))), PathOf("dense"));
        MatrixStore.Ingest(Text("x.mtx", Mtx(_x)), PathOf("sparse"));
        foreach (var file in Directory.GetFiles(PathOf("dense")).Concat(Directory.GetFiles(PathOf("sparse"))))
        {
            var whole = File.ReadAllBytes(file);
            foreach (var at in new[] { 0, whole.Length / 2, whole.Length - 1 })
            {
                var damaged = (byte[])whole.Clone();
                damaged[at] ^= 1;
                File.WriteAllBytes(file, damaged);
                Named(file, () => Values(MatrixSource.Open(Path.GetDirectoryName(file)!)));
                Named(file, () => MatrixStore.Verify(Path.GetDirectoryName(file)!));
            }

            File.WriteAllBytes(file, whole[..(whole.Length / 2)]);
            Named(file, () => MatrixSource.Open(Path.GetDirectoryName(file)!));
            File.WriteAllBytes(file, whole);
        }

        MatrixStore.Verify(PathOf("dense"));
        MatrixStore.Verify(PathOf("sparse"));
    }

    [Fact]
    public void A_foreign_or_newer_store_is_refused()
    {
        Text("foreign/store.json", "{\"format\": \"other\"}");
        Refused(PathOf("foreign"), null, "not the header of a FitCluster store");
        Text("newer/store.json", "{\"format\": \"fitcluster-store\", \"version\": 7}");
        Refused(PathOf("newer"), null, "version 7");
        MatrixStore.Ingest(Text("x.mtx", Mtx(_x)), PathOf("store"));
        File.Delete(PathOf("store/values.f64"));
        Assert.Contains("values.f64 has 0 bytes", Assert.Throws<DataException>(() => MatrixSource.Open(PathOf("store"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_ingestion_leaves_nothing_and_keeps_what_was_there()
    {
        var good = MatrixStore.Ingest(Text("x.mtx", Mtx(_x)), PathOf("store")).ContentHash;
        var bad = Text("bad.csv", Dense(_x, Names('r', 50), Names('c', 20)) + "r51,1\n");
        Assert.Throws<DataException>(() => MatrixStore.Ingest(bad, PathOf("new")));
        Assert.Throws<DataException>(() => MatrixStore.Ingest(bad, PathOf("store"), overwrite: true));
        Assert.Equal(["bad.csv", "store", "x.mtx"], new DirectoryInfo(PathOf(".")).GetFileSystemInfos().Select(f => f.Name).Order());
        Assert.Equal(good, MatrixSource.Open(PathOf("store")).ContentHash);
    }

    [Fact]
    public void What_a_killed_ingestion_left_is_no_store_and_does_not_disturb_the_next_one()
    {
        // As kill -9 leaves it: a partial folder with files, no header; the lock went with the process.
        Text("store.partial/values.f64", "half");
        Text("store.partial/spill-0", "half");
        Text("store.partial.lock", "");
        Assert.False(MatrixStore.IsStore(PathOf("store")));
        Refused(PathOf("store.partial"), null, "neither");
        Assert.Equal(_x, Values(MatrixStore.Ingest(Text("x.mtx", Mtx(_x)), PathOf("store"))));
        Assert.False(Path.Exists(PathOf("store.partial")));
    }

    [Fact]
    public void Two_writers_of_one_store_are_told_apart()
    {
        using var first = new StoreFolder(PathOf("store"), overwrite: false);
        var path = Text("x.mtx", Mtx(_x));
        Assert.Contains("another ingestion", Assert.Throws<DataException>(() => MatrixStore.Ingest(path, PathOf("store"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_overwritten_unasked_and_only_stores_when_asked()
    {
        var path = Text("x.mtx", Mtx(_x));
        MatrixStore.Ingest(path, PathOf("store"));
        Assert.Contains(
            "exists", Assert.Throws<DataException>(() => MatrixStore.Ingest(path, PathOf("store"))).Message, StringComparison.Ordinal);
        Text("mine/notes.txt", "keep");
        Assert.Contains(
            "not a store", Assert.Throws<DataException>(() => MatrixStore.Ingest(path, PathOf("mine"), overwrite: true)).Message,
            StringComparison.Ordinal);
        Directory.CreateDirectory(PathOf("empty"));
        Assert.Equal(50, MatrixStore.Ingest(path, PathOf("empty")).Rows);
    }

    [Fact]
    public void A_matrix_of_zeros_can_be_stored()
    {
        var store = MatrixStore.Ingest(Text("z.mtx", "%%MatrixMarket matrix coordinate real general\n3 2 1\n2 1 0\n"), PathOf("store"));
        Assert.True(store.IsSparse);
        Assert.Equal([0.0, 0, 0, 0, 0, 0], Flat(Values(store)));
        Assert.Equal((3L, 2L), (store.Facts.ZeroRows, store.Facts.ZeroColumns));
    }

    [Fact]
    public void A_duplicate_is_found_in_a_spilled_ingestion_too()
    {
        var entries = string.Concat(Enumerable.Range(0, 90_000).Select(k => $"{(k % 300) + 1} {(k / 300) + 1} 1\n"));
        var path = Text("x.mtx", $"%%MatrixMarket matrix coordinate integer general\n300 300 90001\n{entries}150 20 7\n");
        var error = Assert.Throws<DataException>(() => MatrixStore.Ingest(path, PathOf("store"), memoryBytes: 1 << 20));
        Assert.Contains("row r150 and column c20 is given twice, at line 5852 and at line 90003", error.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(PathOf("store")));
    }

    private static void Named(string file, Action action) =>
        Assert.Contains(Path.GetFileName(file), Assert.Throws<DataException>(action).Message, StringComparison.Ordinal);
}
