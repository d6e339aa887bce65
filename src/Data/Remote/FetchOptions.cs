namespace FitCluster.Data;

/// <summary>How data are fetched by URL, and where what was downloaded is kept.</summary>
public sealed record FetchOptions
{
    /// <summary>
    /// How often a failure that may pass (no connection, no answer, a body that breaks off, status 408, 429 or 5xx) is
    /// met before it counts, 1 or more; default 3.
    /// </summary>
    public int Attempts { get; init; } = 3;

    /// <summary>The pause after the first failure; each next one is twice as long. Default 0.25 s.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a server may be silent, before its answer or within it; default 30 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Who asks, as the server's log shows it (User-Agent); letters, digits, '.', '_', '-' and '/'.</summary>
    public string Agent { get; init; } = "fitcluster";

    /// <summary>Where downloads are kept; default the folder fitcluster-cache in the system's folder for temporary files.</summary>
    public string CacheFolder { get; init; } = Path.Combine(Path.GetTempPath(), "fitcluster-cache");

    /// <summary>The most bytes of downloads that are kept; what was not used for longest goes first. Default 20 GB.</summary>
    public long CacheBytes { get; init; } = 20_000_000_000;
}
