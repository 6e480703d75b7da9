//! Where the fields of each facet are, and what their bits mean. See [`super::schema`] for units.

/// Fields of [`super::schema::Facet::Avatar`].
pub mod avatar {
    /// Centre of the capsule: x, y, z.
    pub const POSITION: usize = 0;
    /// Heading about +y.
    pub const YAW: usize = 3;
    /// Elevation of the head.
    pub const PITCH: usize = 4;
    /// How it stands: [`GROUNDED`] and [`RUNNING`].
    pub const STANCE: usize = 5;
    /// Bit of the stance: stands on something.
    pub const GROUNDED: i32 = 1;
    /// Bit of the stance: is running.
    pub const RUNNING: i32 = 2;
}

/// Fields of [`super::schema::Facet::Companion`].
pub mod companion {
    /// Centre of the capsule: x, y, z.
    pub const POSITION: usize = 0;
    /// Heading about +y.
    pub const YAW: usize = 3;
    /// Elevation of the head.
    pub const PITCH: usize = 4;
    /// The number of an emotion, and [`CARRYING`] beside it.
    pub const FEELING: usize = 5;
    /// How it stands: [`GROUNDED`], [`RUNNING`] and [`SITTING`].
    pub const STANCE: usize = 6;
    /// Bit of the feeling: holds something in its hands.
    pub const CARRYING: i32 = 16;
    /// Bit of the stance: stands on something.
    pub const GROUNDED: i32 = 1;
    /// Bit of the stance: is running.
    pub const RUNNING: i32 = 2;
    /// Bit of the stance: sits.
    pub const SITTING: i32 = 4;
}

/// Fields of [`super::schema::Facet::Object`].
pub mod object {
    /// Origin of the body: x, y, z.
    pub const POSITION: usize = 0;
    /// Index of the largest component (0 to 3), then the three others.
    pub const ROTATION: usize = 3;
    /// [`ASLEEP`] or 0.
    pub const REST: usize = 7;
    /// Bit of the rest: the body sleeps and will not move until something wakes it.
    pub const ASLEEP: i32 = 1;
}

/// Fields of [`super::schema::Facet::Tracked`].
pub mod tracked {
    /// Fields of one pose: position x, y, z, then a rotation as for objects. Head, left and right
    /// hand follow one another; a pose that is not tracked is all zeros.
    pub const STRIDE: usize = 7;
    /// Which poses are tracked: [`HEAD`], [`LEFT`], [`RIGHT`].
    pub const POSES: usize = 21;
    /// Bit of the poses: the head.
    pub const HEAD: i32 = 1;
    /// Bit of the poses: the left hand or controller.
    pub const LEFT: i32 = 2;
    /// Bit of the poses: the right hand or controller.
    pub const RIGHT: i32 = 4;
}
