namespace FitCluster.Engine;

/// <summary>The stores of a cluster that there are, chosen by the scheme of the store's URL.</summary>
public static class ClusterStores
{
    private static readonly Entry[] All =
    [
        new(
            ["postgres", "postgresql"],
            "postgres://user:password@host:5432/database (or postgresql://)",
            PostgresStore.CheckUrl,
            url => new PostgresStore(url)),
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

    private static Entry Of(string url) =>
        Array.Find(All, entry => UrlScheme.IsOneOf(url, entry.Schemes)) ??
        throw new ClusterStoreException(
            $"the store's URL is not of the form {string.Join(" or ", All.Select(entry => entry.Form))}", isUnreachable: false);

    /// <summary>One store.</summary>
    /// <param name="Schemes">The schemes of its URLs, in lower case.</param>
    /// <param name="Form">What its URLs look like, for a person, with every scheme.</param>
    /// <param name="Check">Refuses a URL that cannot be one of its.</param>
    /// <param name="Open">Makes it.</param>
    private sealed record Entry(IReadOnlyList<string> Schemes, string Form, Action<string> Check, Func<string, IClusterStore> Open);
}
