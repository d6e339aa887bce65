namespace FitCluster.Engine;

/// <summary>What a store in a file depends on beside the file; another one in tests.</summary>
internal sealed record SqliteSurroundings
{
    public static SqliteSurroundings Here { get; } = new();

    /// <summary>The store's clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The machine.</summary>
    public SqliteMachine Machine { get; init; } = SqliteMachine.This;

    /// <summary>The number of the file system that a folder is on.</summary>
    public Func<string, uint> FileSystem { get; init; } = SharedFileSystems.MagicOf;

    /// <summary>How long a process waits for another's transaction.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Milliseconds since 1970.</summary>
    public long Now => Clock.GetUtcNow().ToUnixTimeMilliseconds();
}
