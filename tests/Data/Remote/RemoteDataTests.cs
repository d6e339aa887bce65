using System.Text;
using FitCluster.Web;
using Xunit;
using static FitCluster.Data.Tests.SmallWriters;

namespace FitCluster.Data.Tests.Remote;

/// <summary>Data by URL, from a server of the test's own that can be made to fail.</summary>
public sealed class RemoteDataTests : TestFolder, IAsyncLifetime
{
    private const int BlockBytes = 1 << 22;
    private readonly double[][] _x = Example(40, 12);
    private FileServer _server = null!;

    private MatrixOptions Options => new()
    {
        Fetch = new FetchOptions
        {
            CacheFolder = PathOf("cache"), FirstPause = TimeSpan.FromMilliseconds(5), Patience = TimeSpan.FromSeconds(5)
        },
    };

    public ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(PathOf("www"));
        _server = new FileServer(PathOf("www"));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Dispose();
    }

    [Fact]
    public void A_store_at_a_url_is_the_store_in_the_folder()
    {
        foreach (var (name, path) in new[]
        {
            ("sparse", Text("x.mtx", Mtx(_x))), ("dense", Text("x.csv", Dense(_x, Names('a', 40), Names('b', 12)))),
            ("missing", Text("y.csv", Dense([[1, double.NaN, 3], [double.NaN, 5, 0]], Names('a', 2), Names('b', 3)))),
        })
        {
            var local = MatrixStore.Ingest(path, PathOf("www/" + name));
            var remote = MatrixSource.Open($"{_server.Url}/{name}", Options);
            Assert.Equal((local.ContentHash, local.Rows, local.Columns, local.MissingCount, local.IsSparse),
                (remote.ContentHash, remote.Rows, remote.Columns, remote.MissingCount, remote.IsSparse));
            Assert.Equal(local.RowNames, remote.RowNames);
            Assert.Equal(local.ColumnNames, remote.ColumnNames);
            Assert.Equal(local.RowStoredCounts, remote.RowStoredCounts);
            Assert.Equal(Flat(Values(local)), Flat(Values(remote)));
        }
    }

    [Fact]
    public void A_selection_of_a_store_at_a_url_is_that_of_the_folder()
    {
        MatrixStore.Ingest(Text("x.mtx", Mtx(_x)), PathOf("www/store"));
        var options = Options with { Rows = Selection.Parse("3-9"), Transform = Transform.Log1p };
        var options2 = options with { Transform = Transform.None };
        Assert.Equal(
            MatrixSource.Open(PathOf("www/store"), options2).ContentHash, MatrixSource.Open($"{_server.Url}/store", options2).ContentHash);
    }

    [Fact]
    public void Only_the_blocks_of_the_rows_asked_for_are_read_and_each_once()
    {
        var url = LargeStore(out var values);
        var source = MatrixSource.Open(url, Options);
        Assert.DoesNotContain(_server.Log, r => r.Path.EndsWith("values.f64", StringComparison.Ordinal));
        var block = source.RowBlock(0, 600);
        Assert.Equal(values.AsSpan(599 * 1000, 1000), block.DenseRows(599, 1));
        Assert.Equal(["bytes=0-8388607"], Ranges());
        source.RowBlock(100, 400);
        Assert.Single(Ranges());
        Parallel.For(0, 8, _ => Assert.Equal(values.AsSpan(1400 * 1000, 1000), source.RowBlock(1400, 100).DenseRows(0, 1)));
        Assert.Equal(["bytes=0-8388607", "bytes=8388608-11999999"], Ranges());
        block.KeepAlive();
    }

    [Fact]
    public void What_breaks_off_goes_on_with_the_next_block()
    {
        var url = LargeStore(out var values);
        var source = MatrixSource.Open(url, Options);
        var cuts = 0;
        _server.Faults = _ => Interlocked.Increment(ref cuts) == 1
            ? new FileServer.Fault(CutAfter: BlockBytes + 1000)
            : cuts == 2 ? new FileServer.Fault(Status: 503) : null;
        Assert.Equal(values.AsSpan(1499 * 1000, 1000), source.RowBlock(0, 1500).DenseRows(1499, 1));
        Assert.Equal(["bytes=0-11999999", "bytes=4194304-11999999", "bytes=4194304-11999999"], Ranges());
    }

    [Fact]
    public void A_block_that_was_changed_or_damaged_is_never_handed_out()
    {
        var url = LargeStore(out _);
        var source = MatrixSource.Open(url, Options);
        _server.Faults = r => r.Range.Length > 0 ? new FileServer.Fault(Damage: true) : null;
        Fails(() => source.RowBlock(0, 10), "values.f64", "block 0", "differs from its checksum");
        _server.Faults = _ => null;
        Assert.Equal(10, source.RowBlock(0, 10).Rows);

        var values = PathOf("www/large/values.f64");
        File.WriteAllBytes(values, [.. File.ReadAllBytes(values), 0]);
        Fails(() => source.RowBlock(1400, 10), "has 12000001 bytes where 12000000 belong to the store");
    }

    [Fact]
    public void A_server_without_ranges_is_named_when_a_part_is_needed()
    {
        var url = LargeStore(out var values);
        _server.TakesRanges = false;
        var source = MatrixSource.Open(url, Options);
        Fails(() => source.RowBlock(0, 10), "is not served in parts");
        // All of it is no part.
        Assert.Equal(values.AsSpan(0, 1000), source.RowBlock(0, 1500).DenseRows(0, 1));
    }

    [Fact]
    public void A_store_with_a_damaged_header_or_of_foreign_files_is_refused()
    {
        MatrixStore.Ingest(Text("x.mtx", Mtx(_x)), PathOf("www/store"));
        var header = File.ReadAllText(PathOf("www/store/store.json"));
        File.WriteAllText(PathOf("www/store/store.json"), header.Replace("\"rows\": 40", "\"rows\": 41", StringComparison.Ordinal));
        Fails(() => MatrixSource.Open(_server.Url + "/store", Options), "/store/store.json is damaged");
    }

    [Theory]
    [InlineData("x.mtx")]
    [InlineData("x.csv.gz")]
    [InlineData("plain")]
    public void A_file_at_a_url_is_downloaded_once_while_it_does_not_change(string name)
    {
        string Content(double[][] x) => name == "x.mtx" ? Mtx(x) : Dense(x, Names('a', 40), Names('b', 12));
        var expected = MatrixSource.Open(Text("www/" + name, Content(_x))).ContentHash;
        var url = $"{_server.Url}/{name}";
        Assert.Equal(expected, MatrixSource.Open(url, Options).ContentHash);
        Assert.Equal(expected, MatrixSource.Open(url, Options).ContentHash);
        Assert.Equal([200, 304], _server.Log.Where(r => r.Path == name).Select(r => r.Status));
        File.Delete(PathOf("www/" + name));
        var changed = MatrixSource.Open(Text("www/" + name, Content(Example(40, 12, seed: 2)))).ContentHash;
        Assert.NotEqual(expected, changed);
        Assert.Equal(changed, MatrixSource.Open(url, Options).ContentHash);
        Assert.Single(Directory.GetDirectories(PathOf("cache")));
    }

    [Fact]
    public void Without_an_ETag_nothing_is_kept()
    {
        Text("www/x.mtx", Mtx(_x));
        _server.HasETags = false;
        Assert.Equal(
            MatrixSource.Open(_server.Url + "/x.mtx", Options).ContentHash, MatrixSource.Open(_server.Url + "/x.mtx", Options).ContentHash);
        Assert.Equal([200, 200], _server.Log.Select(r => r.Status));
        Assert.Empty(Directory.GetDirectories(PathOf("cache")));
    }

    [Fact]
    public void A_10x_folder_at_a_url_is_its_three_files()
    {
        Text("www/tenx/matrix.mtx.gz", Mtx(_x));
        Text("www/tenx/barcodes.tsv", string.Concat(Names('b', 12).Select(n => n + "\n")));
        Fails(() => MatrixSource.Open(_server.Url + "/tenx", Options), "no features.tsv or genes.tsv");
        Text("www/tenx/genes.tsv.gz", string.Concat(Names('g', 40).Select(n => n + "\n")));
        Assert.Equal(MatrixSource.Open(PathOf("www/tenx")).ContentHash, MatrixSource.Open(_server.Url + "/tenx", Options).ContentHash);
    }

    [Fact]
    public void A_download_that_breaks_off_goes_on_where_it_was()
    {
        var path = Text("www/x.mtx", Mtx(_x));
        var requests = 0;
        _server.Faults = _ => Interlocked.Increment(ref requests) == 1 ? new FileServer.Fault(CutAfter: 100) : null;
        Assert.Equal(MatrixSource.Open(path).ContentHash, MatrixSource.Open(_server.Url + "/x.mtx", Options).ContentHash);
        Assert.Equal(["", "bytes=100-"], _server.Log.Select(r => r.Range));
    }

    [Fact]
    public void What_was_not_used_for_longest_makes_room()
    {
        foreach (var name in new[] { "a", "b", "c" })
        {
            Text($"www/{name}.csv", Dense(Example(200, 50), Names(name[0], 200), Names('c', 50)));
        }

        var size = new FileInfo(PathOf("www/a.csv")).Length;
        var options = Options with { Fetch = Options.Fetch with { CacheBytes = (size * 5 / 2) + 1000 } };
        foreach (var name in new[] { "a", "b", "a", "c", "a", "b" })
        {
            Thread.Sleep(20);
            MatrixSource.Open($"{_server.Url}/{name}.csv", options);
        }

        Assert.Equal(["a.csv 200", "b.csv 200", "a.csv 304", "c.csv 200", "a.csv 304", "b.csv 200"],
            _server.Log.Select(r => $"{r.Path} {r.Status}"));
        var small = Options with { Fetch = Options.Fetch with { CacheBytes = 1000 } };
        Text("www/d.csv", Dense(Example(200, 50), Names('d', 200), Names('c', 50)));
        Fails(() => MatrixSource.Open(_server.Url + "/d.csv", small), "all that the cache may hold");
    }

    [Fact]
    public void A_killed_download_leaves_nothing_that_disturbs()
    {
        Text("www/x.mtx", Mtx(_x));
        _server.Faults = _ => new FileServer.Fault(CutAfter: 10);
        Fails(() => MatrixSource.Open(_server.Url + "/x.mtx", Options), "broke off", "after 3 attempts");
        Assert.Empty(Directory.GetDirectories(PathOf("cache")));
        _server.Faults = _ => null;
        var key = Path.GetFileNameWithoutExtension(Assert.Single(Directory.GetFiles(PathOf("cache"))));
        Text($"cache/{key}.partial/x.mtx", "half");
        Assert.Equal(40, MatrixSource.Open(_server.Url + "/x.mtx", Options).Rows);
    }

    [Fact]
    public void A_url_is_ingested_and_errors_name_the_url()
    {
        var path = Text("www/x.mtx", Mtx(_x));
        Assert.Equal(MatrixSource.Open(path).ContentHash, MatrixStore.Ingest(_server.Url + "/x.mtx", PathOf("store"), Options).ContentHash);
        Text("www/bad.csv", "n,a,b\nr1,1,2\nr2,1\n");
        Fails(() => MatrixSource.Open(_server.Url + "/bad.csv", Options), _server.Url + "/bad.csv, line 3");
    }

    [Theory]
    [InlineData(404, "is not there (404 NotFound)")]
    [InlineData(403, "may not be read (403 Forbidden)")]
    [InlineData(401, "may not be read (401 Unauthorized)")]
    [InlineData(503, "is not to be had at the moment (503 ServiceUnavailable)")]
    [InlineData(418, "answered 418")]
    public void What_a_server_refuses_is_a_sentence(int status, string words)
    {
        Text("www/x.mtx", Mtx(_x));
        _server.Faults = _ => new FileServer.Fault(Status: status);
        var error = Fails(
            () => MatrixSource.Open(_server.Url.Replace("//", "//me:secret@", StringComparison.Ordinal) + "/x.mtx?signature=abc", Options),
            words, _server.Url + "/x.mtx?...");
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
        Assert.DoesNotContain("abc", error, StringComparison.Ordinal);
        Assert.Equal(status == 503 ? 3 : 1, _server.Log.Count);
    }

    [Fact]
    public void What_is_nowhere_unreachable_or_silent_is_a_sentence()
    {
        Fails(() => MatrixSource.Open(_server.Url + "/nothing", Options), "/nothing is not there (404 NotFound)");
        Fails(() => MatrixSource.Open("http://no-such-host.invalid/x.mtx", Options), "the host 'no-such-host.invalid' is not known");
        Fails(() => MatrixSource.Open("http://127.0.0.1:1/x.mtx", Options), "cannot be reached");
        _server.Faults = _ => new FileServer.Fault(SilentFor: TimeSpan.FromSeconds(3));
        Text("www/x.mtx", Mtx(_x));
        Fails(() => MatrixSource.Open(
            _server.Url + "/x.mtx", Options with { Fetch = Options.Fetch with { Patience = TimeSpan.FromSeconds(0.2) } }),
            "did not answer within 0.2 s (after 3 attempts)");
        _server.Faults = _ => new FileServer.Fault(ContentType: "text/html; charset=utf-8");
        Fails(() => MatrixSource.Open(_server.Url + "/x.mtx", Options), "is a web page");
    }

    [Theory]
    [InlineData("s3://bucket/key", "cannot be read by s3 URL")]
    [InlineData("file:///tmp/x", "cannot be read by file URL")]
    [InlineData("http://", "not of the form")]
    [InlineData("http://me:secret@:80:80/x", "not of the form")]
    public void Other_urls_are_refused(string url, string words) =>
        Assert.DoesNotContain("secret", Fails(() => MatrixSource.Open(url, Options), words), StringComparison.Ordinal);

    [Fact]
    public void User_and_password_are_sent_and_not_shown()
    {
        MatrixStore.Ingest(Text("x.mtx", Mtx(_x)), PathOf("www/store"));
        var url = _server.Url.Replace("//", "//me:p%40ss@", StringComparison.Ordinal) + "/store?sas=abc";
        MatrixSource.Open(url, Options).RowBlock(0, 40);
        Assert.All(_server.Log, r => Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("me:p@ss")), r.Authorization));
        Assert.All(_server.Log, r => Assert.EndsWith("?sas=abc", r.Target, StringComparison.Ordinal));
        Assert.Equal(_server.Url + "/store?...", DataUrl.Show(url));
        Assert.Equal("/a/b", DataUrl.Show("/a/b"));
    }

    private static string Fails(Action action, params string[] words)
    {
        var error = Assert.Throws<DataException>(action).Message;
        Assert.All(words, word => Assert.Contains(word, error, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', error);
        return error;
    }

    private string[] Ranges() => [.. _server.Log.Where(r => r.Path.EndsWith("values.f64", StringComparison.Ordinal)).Select(r => r.Range)];

    /// <summary>A dense store of 1,500 x 1,000: 12,000,000 bytes of values in 3 blocks.</summary>
    private string LargeStore(out double[] values)
    {
        values = [.. Enumerable.Range(0, 1500 * 1000).Select(i => double.Sin(i))];
        File.WriteAllBytes(PathOf("large.npy"), Npy(values, "<f8", fortran: false, "(1500, 1000)"));
        MatrixStore.Ingest(PathOf("large.npy"), PathOf("www/large"));
        return _server.Url + "/large";
    }
}
