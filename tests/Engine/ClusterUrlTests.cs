using Xunit;

namespace FitCluster.Engine.Tests;

/// <summary>Stores are chosen by the schemes of their URLs, or are files.</summary>
public sealed class ClusterUrlTests
{
    [Theory]
    [InlineData("postgres://fit:s3cret@h/d", "postgres://h:5432/d")]
    [InlineData("postgresql://fit:s3cret@h:1/d?sslmode=require", "postgres://h:1/d")]
    public async Task A_scheme_that_has_a_store_is_opened_and_says_where_it_is_without_a_password(string url, string where)
    {
        ClusterStores.CheckUrl(url);
        await using var store = ClusterStores.Open(url);
        Assert.Equal(where, store.ToString());
    }

    [Fact]
    public async Task A_file_is_a_store_by_its_name_or_its_content_and_is_its_full_path_as_text()
    {
        var folder = Directory.CreateTempSubdirectory("fitcluster-url-").FullName;
        var (sqlite, text) = (Path.Combine(folder, "a store"), Path.Combine(folder, "notes.txt"));
        await File.WriteAllBytesAsync(sqlite, [.. "SQLite format 3\0"u8, .. new byte[84]], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(text, "words", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(folder, "link.db"), sqlite);
        foreach (var (url, where) in new[]
        {
            ("job.db", Path.GetFullPath("job.db")),
            ("./x/y.sqlite", Path.GetFullPath("x/y.sqlite")),
            ("/x/../y.SQLITE3", "/y.SQLITE3"),
            ("./a:b.db", Path.GetFullPath("a:b.db")),
            ("sqlite:///x/my%20job", "/x/my job"),
            (sqlite, sqlite),
            (Path.Combine(folder, "link.db"), sqlite),
        })
        {
            ClusterStores.CheckUrl(url);
            await using var store = ClusterStores.Open(url);
            Assert.Equal(where, store.ToString());
        }

        Assert.Contains(" or a file of this machine", Assert.Throws<ClusterStoreException>(() => ClusterStores.CheckUrl(text)).Message,
            StringComparison.Ordinal);
        foreach (var url in new[] { "sqlite://job.db", "sqlite:job.db", "sqlite:///x/job.db?mode=ro" })
        {
            Assert.Equal(
                $"the store's URL {url} is not of the form sqlite:///path/job.db: a full path, and no parameters",
                Assert.Throws<ClusterStoreException>(() => ClusterStores.CheckUrl(url)).Message);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("mysql://fit:s3cret@h/d")]
    [InlineData("fit:s3cret@h")]
    [InlineData("fit:s3cret@h.db")]
    [InlineData("h")]
    [InlineData("")]
    public void A_scheme_without_a_store_is_refused_with_those_there_are_and_without_a_password(string url)
    {
        const string Words =
            "the store's URL is not of the form postgres://user:password@host:5432/database (or postgresql://) or a file of this " +
            "machine, as in job.db (or .sqlite, .sqlite3, sqlite:///path/job.db)";
        Assert.Equal(Words, Assert.Throws<ClusterStoreException>(() => ClusterStores.CheckUrl(url)).Message);
        Assert.False(Assert.Throws<ClusterStoreException>(() => ClusterStores.Open(url)).IsUnreachable);
    }
}
