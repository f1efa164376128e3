import AnomalyDetection

extension ConfigurationKey {
    /// The keys that every stream may have its own values for. The ranges are those of the settings' own comments.
    static let streamGroups: [ConfigurationGroup] = [modelGroup, scoreGroup, storageGroup]

    private static let modelGroup = ConfigurationGroup(
        name: "model", heading: "The network of each stream and how it learns.",
        keys: [
            ConfigurationKey(
                "model.cell", stream: \.detector.model.cell, .choice,
                "Recurrent cell of the network.",
                choosing: "\"gru\" has three quarters of the weights of \"lstm\" and usually learns as much; "
                    + "\"rnn\" is cheapest, but forgets soonest."),
            ConfigurationKey(
                "model.hidden", stream: \.detector.model.hidden, .integer(1...1024), unit: "units",
                "Units in each recurrent layer.",
                choosing: "more for long or mixed patterns; the cost grows with the square. Multiples of 8 are fastest."
            ),
            ConfigurationKey(
                "model.layers", stream: \.detector.model.layers, .integer(1...8), unit: "layers",
                "Recurrent layers, one above the other.",
                choosing: "one, unless a second one shows its worth on your data; more units usually help sooner."),
            ConfigurationKey(
                "model.attention", stream: \.detector.model.attention, .integer(0...512), unit: "states",
                "Recent hidden states that attention looks back on, the current one among them; 0: no attention.",
                choosing: "8 to 32 where a cause lies some points before its effect; it costs about twice the time."),
            ConfigurationKey(
                "model.attention_scale", stream: \.detector.model.attentionScale, .choice,
                "What attention's products are multiplied by: 1 / √d, or nothing.",
                choosing: "leave it; without it, large products leave one state all the weight."),
            ConfigurationKey(
                "model.k1", stream: \.detector.model.k1, .integer(1...4096), unit: "points",
                "Points between two training steps (k1 of truncated back-propagation through time); at most k2.",
                choosing: "smaller learns faster and costs more: k2 ÷ k1 backward steps per point."),
            ConfigurationKey(
                "model.k2", stream: \.detector.model.k2, .integer(1...4096), unit: "points",
                "Points that a training step goes back (k2 of truncated back-propagation through time).",
                choosing: "as far as a cause may lie before its effect; the state remembers longer, but what to "
                    + "remember is learned only within this distance."),
            ConfigurationKey(
                "model.learning_rate", stream: \.detector.model.learningRate, .number(above: 0, through: 1),
                "Step size of the optimiser.",
                choosing: "higher adapts sooner and forgets sooner; lower it if predictions jump about."),
            ConfigurationKey(
                "model.optimiser", stream: \.detector.model.optimiser, .choice,
                "The rule that turns gradients into steps.",
                choosing: "\"adam\" suits almost every stream; \"sgd\" needs a learning rate chosen for it."),
            ConfigurationKey(
                "model.loss", stream: \.detector.model.loss, .choice,
                "What training makes small.",
                choosing: "\"huber\" is not carried away by outliers; \"mse\" weighs large errors more; \"gaussian\" "
                    + "learns the spread along with the value, and weighs errors by it."),
            ConfigurationKey(
                "model.clip", stream: \.detector.model.clip, .number(0...1000),
                "Largest norm of a gradient (or component, see clip_by); 0 switches clipping off.",
                choosing: "leave it; without clipping, one exploding gradient can ruin a model."),
            ConfigurationKey(
                "model.clip_by", stream: \.detector.model.clipBy, .choice,
                "What clip limits: the length of the whole gradient, or each of its components.",
                choosing: "\"norm\" keeps the gradient's direction."),
            ConfigurationKey(
                "model.initialisation", stream: \.detector.model.initialisation, .choice,
                "How the weights of a new network are drawn.",
                choosing: "\"xavier\", or \"orthogonal\" for a large k2. \"normal\" is there for comparison only."),
            ConfigurationKey(
                "model.initial", stream: \.initialModel, .optionalFile,
                "A safetensors file with the first weights of new streams: one of anomalyctl's, or a state_dict of "
                    + "PyTorch's. In a configuration file, a path that does not begin with / counts from its folder.",
                choosing: "\"\" for random weights; a file trained on similar series, to predict well from the start."),
            ConfigurationKey(
                "model.target", stream: \.detector.model.target, .choice,
                "What the network predicts: the change from the last value, or the value itself.",
                choosing: "\"change\" starts from \"as before\"; \"value\" for streams without memory, such as noise "
                    + "about a level."),
            ConfigurationKey(
                "model.range_half_life", stream: \.detector.model.rangeHalfLife, .integer(0...1_000_000_000),
                unit: "points",
                "Points after which the range that scales the input has forgotten half of what lies outside the "
                    + "recent values; 0 never forgets.",
                choosing: "a few times the longest cycle of the stream."),
            ConfigurationKey(
                "model.seed", stream: \.detector.model.seed, .seed,
                "Mixed with the stream's name to draw its first weights.",
                choosing: "any number; another one shows how much of a result is luck."),
            ConfigurationKey(
                "model.learning", stream: \.detector.model.learning, .boolean,
                "Whether the network learns. If not, streams are still predicted and scored.",
                choosing: "false to keep a model as it is."),
        ])

    private static let scoreGroup = ConfigurationGroup(
        name: "score", heading: "From residuals to scores, from scores to anomalies.",
        keys: [
            ConfigurationKey(
                "score.false_alarm_probability", stream: \.detector.score.falseAlarmProbability, .number(1e-10...0.1),
                unit: "per point",
                "Probability of a false alarm at each ordinary point.",
                choosing: "false alarms that you accept per day ÷ points per day: 1e-4 is one in 10,000 points."),
            ConfigurationKey(
                "score.warmup", stream: \.detector.score.warmup, .integer(16...1_000_000), unit: "points",
                "Points at the start of a stream during which nothing is flagged.",
                choosing: "at least one full cycle of the stream."),
            ConfigurationKey(
                "score.window", stream: \.detector.score.window, .integer(64...65_536), unit: "points",
                "Recent residuals that a new one is compared with.",
                choosing: "larger is steadier, smaller follows a change of the noise sooner."),
            ConfigurationKey(
                "score.tail", stream: \.detector.score.tail, .number(0.005...0.2),
                "Share of the window, its largest residuals, that the tail of the distribution is fitted to.",
                choosing: "leave it; larger is steadier, smaller is truer to the extremes."),
            ConfigurationKey(
                "score.band", stream: \.detector.score.band, .number(0.5...0.999),
                "Share of the points that the band from lower to upper is meant to cover.",
                choosing: "a matter of taste: it is shown, and decides nothing."),
            ConfigurationKey(
                "score.quiet_points", stream: \.detector.score.quietPoints, .integer(1...100_000), unit: "points",
                "Unflagged points in a row after which an anomaly is over.",
                choosing: "larger joins neighbouring anomalies to one."),
        ])

    private static let storageGroup = ConfigurationGroup(
        name: "storage", heading: "How streams are kept.",
        keys: [
            ConfigurationKey(
                "storage.checkpoint_interval", stream: \.storage.checkpointInterval,
                .duration(1_000_000...86_400_000_000),
                "Time between two checkpoints of a stream's model.",
                choosing: "shorter replays fewer points after a crash and writes more.")
        ])
}
