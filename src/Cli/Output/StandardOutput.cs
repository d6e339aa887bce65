using FitCluster.Models.Results;

namespace FitCluster.Cli.Output;

/// <summary>
/// A stream to standard output that says what failed for what it is. A pipe that nobody reads any more takes everything in silence. What
/// it writes to stays open: it is the process's, or that of whoever runs a command within it.
/// </summary>
/// <param name="inner">The stream; null: it is closed.</param>
internal sealed class StandardOutput(Stream? inner) : WriteOnlyStream
{
    public override void Flush()
    {
        try
        {
            inner?.Flush();
        }
        catch (Exception e) when (OutputFiles.IsFailure(e))
        {
            throw new StandardOutputException(OutputFiles.Reason(e), e);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            (inner ?? throw new IOException("it is closed")).Write(buffer);
        }
        catch (Exception e) when (OutputFiles.IsFailure(e))
        {
            throw new StandardOutputException(OutputFiles.Reason(e), e);
        }
    }
}

/// <summary>Standard output could not be written: its device is full, or it is closed. The command may have done its work.</summary>
internal sealed class StandardOutputException(string reason, Exception? inner)
    : Exception($"standard output could not be written: {reason}", inner);
