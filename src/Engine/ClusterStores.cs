namespace FitCluster.Engine;

/// <summary>The stores of a cluster that there are, chosen by the scheme of the store's URL, or by its being the path of a file.</summary>
public static class ClusterStores
{
    private static readonly Entry[] All =
    [
        new(
            text => UrlScheme.IsOneOf(text, ["postgres", "postgresql"]),
            "postgres://user:password@host:5432/database (or postgresql://)",
            PostgresStore.CheckUrl,
            url => new PostgresStore(url)),
        new(SqlitePath.IsOne, SqlitePath.Form, SqliteStore.CheckPath, path => new SqliteStore(path)),
    ];

    /// <summary>Refuses a URL that no store can have; nothing is asked of the network.</summary>
    /// <exception cref="ClusterStoreException">
    /// There is no store for the scheme, the URL is not of its form, or has an unknown parameter.
    /// </exception>
    public static void CheckUrl(string url) => Of(url).Check(url);

    /// <summary>
    /// Makes the store that the URL's scheme names; nothing is asked of it before <see cref="IClusterStore.Prepare"/>. As text it is where
    /// it is, without a password.
    /// </summary>
    /// <exception cref="ClusterStoreException">There is no store for the scheme, or the URL is not of its form.</exception>
    public static IClusterStore Open(string url) => Of(url).Open(url);

    /// <summary>
    /// The file that a store would be made in when it is prepared: its path, where there is none yet; null for every other store.
    /// </summary>
    /// <exception cref="ClusterStoreException">The text names no store.</exception>
    public static string? MissingFile(string url) =>
        SqlitePath.IsOne(url) && SqlitePath.Parse(url) is var path && !Path.Exists(path) ? path : null;

    private static Entry Of(string url) =>
        Array.Find(All, entry => entry.Names(url)) ??
        throw new ClusterStoreException(
            $"the store's URL is not of the form {string.Join(" or ", All.Select(entry => entry.Form))}", isUnreachable: false);

    /// <summary>One store.</summary>
    /// <param name="Names">Whether a text is to name one of its kind.</param>
    /// <param name="Form">What such texts look like, for a person, with every scheme.</param>
    /// <param name="Check">Refuses one that cannot be one of its.</param>
    /// <param name="Open">Makes it.</param>
    private sealed record Entry(Func<string, bool> Names, string Form, Action<string> Check, Func<string, IClusterStore> Open);
}
