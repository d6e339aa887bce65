namespace FitCluster.Messages;

/// <summary>A frame that cannot be written or read, in one sentence: the offset, what is there, and what was expected.</summary>
public sealed class FrameException : Exception
{
    /// <summary>With a sentence.</summary>
    public FrameException(string message)
        : base(message)
    {
    }

    /// <summary>With a sentence and a cause.</summary>
    public FrameException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Without a sentence.</summary>
    public FrameException()
    {
    }
}
