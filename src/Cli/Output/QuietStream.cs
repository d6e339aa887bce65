using FitCluster.Models.Results;

namespace FitCluster.Cli.Output;

/// <summary>
/// A stream for what is told beside the results, on stderr: where it cannot be written, closed, full or broken, it is not, and nothing
/// fails for it. Each write is tried anew, as a full disk may have room again.
/// </summary>
internal sealed class QuietStream(Stream inner) : WriteOnlyStream
{
    public override void Flush()
    {
        try
        {
            inner.Flush();
        }
        catch (Exception e) when (IsGone(e))
        {
            // There is nobody to tell.
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (Exception e) when (IsGone(e))
        {
            // As above.
        }
    }

    private static bool IsGone(Exception e) => OutputFiles.IsFailure(e) || e is ObjectDisposedException;
}
