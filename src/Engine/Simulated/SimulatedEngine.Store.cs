using FitCluster.Messages;

namespace FitCluster.Engine;

public sealed partial class SimulatedEngine
{
    private static readonly TimeSpan LeastStore = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MostStore = TimeSpan.FromMilliseconds(20);

    private void Ask(StoreRequest request, Func<StoreReply, IMessage> answer, SimulatedActivation activation)
    {
        // A request that is on its way is carried out even if who asked has vanished: a save may take effect after the crash.
        At(Now + StoreDelay(), () =>
        {
            if (Chance(_faults.StoreFails))
            {
                Counts.StoreFaults++;
                Answer(new StoreReply($"the store did not take a {request.GetType().Name} (simulated)"));
                return;
            }

            var pending = _store.Handle(request);
            var reply = pending.IsCompletedSuccessfully
                ? pending.Result
                : throw new InvalidOperationException(
                    $"the store did not answer a {request.GetType().Name} at once: the simulation has one thread");
            if (Chance(_faults.StoreAnswerLost))
            {
                Counts.StoreFaults++;
            }
            else if (Chance(_faults.StoreFailsAfterwards))
            {
                Counts.StoreFaults++;
                Answer(new StoreReply($"the store broke off after a {request.GetType().Name} (simulated)"));
            }
            else
            {
                Answer(reply);
            }
        });

        void Answer(StoreReply reply) => At(Now + StoreDelay(), () => PostOwn(activation, answer(reply)));
    }

    private TimeSpan StoreDelay() =>
        _random.NextTime(LeastStore, Chance(_faults.StoreSlow) ? _faults.LongestStore : MostStore);

    /// <summary>What belongs to an activation (timers, answers) ends with it.</summary>
    private void PostOwn(SimulatedActivation activation, IMessage message) =>
        Post(activation, new SimulatedMail(message, null, activation.Number));
}
