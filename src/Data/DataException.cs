namespace FitCluster.Data;

/// <summary>Data that cannot be used as they are: one sentence that names the file, the line or field, and what to do.</summary>
public sealed class DataException : Exception
{
    /// <summary>Data that cannot be used, for a reason not given.</summary>
    public DataException()
    {
    }

    /// <summary>Data that cannot be used, and why.</summary>
    public DataException(string message)
        : base(message)
    {
    }

    /// <summary>Data that cannot be used, why, and what was met below.</summary>
    public DataException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
