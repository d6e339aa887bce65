namespace FitCluster.Engine;

/// <summary>The engines of a cluster that there are, chosen by the scheme of the broker's URL.</summary>
public static class ClusterEngines
{
    private static readonly Entry[] All =
    [
        new(RabbitMqEngine.Schemes, RabbitMqEngine.UrlForm, RabbitMqEngine.CheckUrl, async (url, options, store, cancellation) =>
            await RabbitMqEngine.Connect(url, options, store, cancellation).ConfigureAwait(false)),
    ];

    private delegate Task<IClusterEngine> Connecting(
        string url, ClusterEngineOptions options, IClusterStore store, CancellationToken cancellation);

    /// <summary>Refuses a URL that no engine can use; nothing is asked of the network.</summary>
    /// <exception cref="ClusterEngineException">
    /// There is no engine for the scheme, the URL is not of its form, or has an unknown parameter.
    /// </exception>
    public static void CheckUrl(string url) => Of(url).Check(url);

    /// <summary>
    /// Connects to a cluster by the engine that the URL's scheme names. Nothing is hosted before <see cref="IClusterEngine.Start"/>.
    /// </summary>
    /// <param name="url">Where the cluster is met.</param>
    /// <param name="options">How this process takes part.</param>
    /// <param name="store">Carries out what actors ask; the caller's, to be disposed after the engine.</param>
    /// <param name="cancellation">Ends trying.</param>
    /// <exception cref="ClusterEngineException">There is no engine for the scheme, or it cannot be used.</exception>
    public static Task<IClusterEngine> Connect(
        string url, ClusterEngineOptions options, IClusterStore store, CancellationToken cancellation = default) =>
        Of(url).Connect(url, options, store, cancellation);

    private static Entry Of(string url) =>
        Array.Find(All, entry => UrlScheme.IsOneOf(url, entry.Schemes)) ??
        throw new ClusterEngineException($"the broker's URL is not of the form {string.Join(" or ", All.Select(entry => entry.Form))}");

    /// <summary>One engine.</summary>
    /// <param name="Schemes">The schemes of its URLs, in lower case.</param>
    /// <param name="Form">What its URLs look like, for a person, with every scheme.</param>
    /// <param name="Check">Refuses a URL that cannot be one of its.</param>
    /// <param name="Connect">Makes it.</param>
    private sealed record Entry(IReadOnlyList<string> Schemes, string Form, Action<string> Check, Connecting Connect);
}
