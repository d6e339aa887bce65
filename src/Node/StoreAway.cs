using FitCluster.Messages;

namespace FitCluster.Node;

/// <summary>Says once, and not for each job and try, that the store does not take what is to be written. Thread-safe.</summary>
internal sealed class StoreAway(Action<string> say)
{
    private bool _isAway;

    /// <summary>Something could not be written.</summary>
    public void Failed(JobName job, Exception error)
    {
        if (!Volatile.Read(ref _isAway))
        {
            var why = error.Message.ReplaceLineEndings(" ");
            say($"{job}: how it goes cannot be written down at the moment ({why}): it is kept, and tried again");
            Volatile.Write(ref _isAway, true);
        }
    }

    /// <summary>Everything could be written: the next failure is told again.</summary>
    public void Succeeded() => Volatile.Write(ref _isAway, false);
}
