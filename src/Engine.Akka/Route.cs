namespace FitCluster.Engine;

/// <summary>How messages between actors of one process go.</summary>
internal enum Route
{
    /// <summary>From cell to cell.</summary>
    Shortest,

    /// <summary>As letters, as if they came by a link.</summary>
    Link,

    /// <summary>As letters through sharding's region.</summary>
    Region,
}
