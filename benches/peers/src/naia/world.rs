//! The world that `naia` replicates from and into: avatars in a list, the entity is the index.
//!
//! `naia` leaves the storage to the game and asks for these two traits; most of their methods serve
//! features that the crowd does not use, but all do what they say.

use naia_shared::{
    ComponentFieldUpdate, ComponentKind, ComponentKinds, ComponentUpdate,
    EntityAndGlobalEntityConverter, GlobalWorldManagerType, LocalEntityAndGlobalEntityConverter,
    Property, ReplicaDynMutWrapper, ReplicaDynRefWrapper, ReplicaMutTrait, ReplicaMutWrapper,
    ReplicaRefTrait, ReplicaRefWrapper, Replicate, ReplicatedComponent, SerdeErr, SignedInteger,
    UnsignedInteger, WorldMutType, WorldRefType,
};

use crate::walk::CoarsePose;

/// Centimetres within 82 m of the middle.
type Centimetres = SignedInteger<13>;

/// What is replicated of a walker. Only properties that were set are sent.
#[derive(Replicate)]
pub struct Avatar {
    walker: Property<UnsignedInteger<10>>,
    x: Property<Centimetres>,
    y: Property<Centimetres>,
    z: Property<Centimetres>,
    yaw: Property<u8>,
}

impl Avatar {
    /// A walker's avatar, in the middle.
    pub fn of(walker: usize) -> Self {
        let middle = || Centimetres::new(0);
        Self::new_complete(UnsignedInteger::new(walker as u16), middle(), middle(), middle(), 0)
    }

    /// Whose it is.
    pub fn walker(&self) -> usize {
        self.walker.to::<u16>().into()
    }

    /// Sets what differs; setting marks a property for every client.
    pub fn set(&mut self, pose: CoarsePose) {
        let [x, y, z] = pose.position_cm.map(Centimetres::new::<i16>);
        for (property, value) in [(&mut self.x, x), (&mut self.y, y), (&mut self.z, z)] {
            if **property != value {
                **property = value;
            }
        }
        if *self.yaw != pose.yaw {
            *self.yaw = pose.yaw;
        }
    }

    /// Where it is.
    pub fn pose(&self) -> CoarsePose {
        let position_cm = [&self.x, &self.y, &self.z].map(|property| property.to::<i16>());
        CoarsePose { position_cm, yaw: *self.yaw }
    }
}

/// Entities, each with its avatar if it has one; `None` once despawned.
#[derive(Default)]
pub struct World(Vec<Option<Option<Avatar>>>);

impl World {
    /// All avatars.
    pub fn avatars(&self) -> impl Iterator<Item = &Avatar> {
        self.0.iter().flatten().flatten()
    }

    /// The avatar of an entity, to be changed.
    pub fn avatar_mut(&mut self, entity: u32) -> Option<&mut Avatar> {
        self.0.get_mut(entity as usize)?.as_mut()?.as_mut()
    }

    fn avatar(&self, entity: &u32) -> Option<&Avatar> {
        self.0.get(*entity as usize)?.as_ref()?.as_ref()
    }
}

/// The world, read.
pub struct Reading<'w>(pub &'w World);
/// The world, written.
pub struct Writing<'w>(pub &'w mut World);

struct Shared<'a, R>(&'a R);
struct Exclusive<'a, R>(&'a mut R);

impl<R: Replicate> ReplicaRefTrait<R> for Shared<'_, R> {
    fn to_ref(&self) -> &R {
        self.0
    }
}

impl<R: Replicate> ReplicaRefTrait<R> for Exclusive<'_, R> {
    fn to_ref(&self) -> &R {
        self.0
    }
}

impl<R: Replicate> ReplicaMutTrait<R> for Exclusive<'_, R> {
    fn to_mut(&mut self) -> &mut R {
        self.0
    }
}

macro_rules! reads {
    ($name:ident) => {
        impl WorldRefType<u32> for $name<'_> {
            fn has_entity(&self, entity: &u32) -> bool {
                self.0.0.get(*entity as usize).is_some_and(Option::is_some)
            }

            fn entities(&self) -> Vec<u32> {
                (0..self.0.0.len() as u32).filter(|entity| self.has_entity(entity)).collect()
            }

            fn has_component<R: ReplicatedComponent>(&self, entity: &u32) -> bool {
                self.has_component_of_kind(entity, &ComponentKind::of::<R>())
            }

            fn has_component_of_kind(&self, entity: &u32, kind: &ComponentKind) -> bool {
                *kind == ComponentKind::of::<Avatar>() && self.0.avatar(entity).is_some()
            }

            fn component<'a, R: ReplicatedComponent>(
                &'a self,
                entity: &u32,
            ) -> Option<ReplicaRefWrapper<'a, R>> {
                let component = self.0.avatar(entity)?.to_any().downcast_ref::<R>()?;
                Some(ReplicaRefWrapper::new(Shared(component)))
            }

            fn component_of_kind<'a>(
                &'a self,
                entity: &u32,
                kind: &ComponentKind,
            ) -> Option<ReplicaDynRefWrapper<'a>> {
                let avatar = self.0.avatar(entity)?;
                (*kind == avatar.kind()).then(|| ReplicaDynRefWrapper::new(avatar.dyn_ref()))
            }
        }
    };
}
reads!(Reading);
reads!(Writing);

impl WorldMutType<u32> for Writing<'_> {
    fn spawn_entity(&mut self) -> u32 {
        self.0.0.push(Some(None));
        self.0.0.len() as u32 - 1
    }

    fn local_duplicate_entity(&mut self, entity: &u32) -> u32 {
        let twin = self.spawn_entity();
        self.local_duplicate_components(&twin, entity);
        twin
    }

    fn local_duplicate_components(&mut self, to: &u32, from: &u32) {
        if let Some(avatar) = self.0.avatar(from) {
            let copy = avatar.copy_to_box();
            self.insert_boxed_component(to, copy);
        }
    }

    fn despawn_entity(&mut self, entity: &u32) {
        if let Some(place) = self.0.0.get_mut(*entity as usize) {
            *place = None;
        }
    }

    fn component_kinds(&mut self, entity: &u32) -> Vec<ComponentKind> {
        self.0.avatar(entity).map(Replicate::kind).into_iter().collect()
    }

    fn component_mut<'a, R: ReplicatedComponent>(
        &'a mut self,
        entity: &u32,
    ) -> Option<ReplicaMutWrapper<'a, R>> {
        let component = self.0.avatar_mut(*entity)?.to_any_mut().downcast_mut::<R>()?;
        Some(ReplicaMutWrapper::new(Exclusive(component)))
    }

    fn component_mut_of_kind<'a>(
        &'a mut self,
        entity: &u32,
        kind: &ComponentKind,
    ) -> Option<ReplicaDynMutWrapper<'a>> {
        let avatar = self.0.avatar_mut(*entity)?;
        (*kind == avatar.kind()).then(|| ReplicaDynMutWrapper::new(avatar.dyn_mut()))
    }

    fn component_apply_update(
        &mut self,
        converter: &dyn LocalEntityAndGlobalEntityConverter,
        entity: &u32,
        _: &ComponentKind,
        update: ComponentUpdate,
    ) -> Result<(), SerdeErr> {
        let avatar = self.0.avatar_mut(*entity);
        avatar.map_or(Ok(()), |avatar| avatar.read_apply_update(converter, update))
    }

    fn component_apply_field_update(
        &mut self,
        converter: &dyn LocalEntityAndGlobalEntityConverter,
        entity: &u32,
        _: &ComponentKind,
        update: ComponentFieldUpdate,
    ) -> Result<(), SerdeErr> {
        let avatar = self.0.avatar_mut(*entity);
        avatar.map_or(Ok(()), |avatar| avatar.read_apply_field_update(converter, update))
    }

    fn mirror_entities(&mut self, to: &u32, from: &u32) {
        self.mirror_components(to, from, &ComponentKind::of::<Avatar>());
    }

    fn mirror_components(&mut self, to: &u32, from: &u32, _: &ComponentKind) {
        let copy = self.0.avatar(from).map(Replicate::copy_to_box);
        if let (Some(avatar), Some(copy)) = (self.0.avatar_mut(*to), copy) {
            avatar.mirror(&*copy);
        }
    }

    fn insert_component<R: ReplicatedComponent>(&mut self, entity: &u32, component: R) {
        self.insert_boxed_component(entity, Box::new(component));
    }

    fn insert_boxed_component(&mut self, entity: &u32, component: Box<dyn Replicate>) {
        let avatar = component.to_boxed_any().downcast::<Avatar>();
        if let (Some(Some(place)), Ok(avatar)) = (self.0.0.get_mut(*entity as usize), avatar) {
            *place = Some(*avatar);
        }
    }

    fn remove_component<R: ReplicatedComponent>(&mut self, entity: &u32) -> Option<R> {
        let removed = self.remove_component_of_kind(entity, &ComponentKind::of::<R>())?;
        removed.to_boxed_any().downcast::<R>().ok().map(|component| *component)
    }

    fn remove_component_of_kind(
        &mut self,
        entity: &u32,
        kind: &ComponentKind,
    ) -> Option<Box<dyn Replicate>> {
        if !self.has_component_of_kind(entity, kind) {
            return None;
        }
        let avatar = self.0.0.get_mut(*entity as usize)?.as_mut()?.take()?;
        Some(Box::new(avatar))
    }

    fn entity_publish(
        &mut self,
        kinds: &ComponentKinds,
        converter: &dyn EntityAndGlobalEntityConverter<u32>,
        manager: &dyn GlobalWorldManagerType,
        entity: &u32,
    ) {
        self.component_publish(kinds, converter, manager, entity, &ComponentKind::of::<Avatar>());
    }

    fn component_publish(
        &mut self,
        _: &ComponentKinds,
        _: &dyn EntityAndGlobalEntityConverter<u32>,
        _: &dyn GlobalWorldManagerType,
        _: &u32,
        _: &ComponentKind,
    ) {
        unreachable!("only entities of clients are published, and clients own none here");
    }

    fn entity_unpublish(&mut self, entity: &u32) {
        self.component_unpublish(entity, &ComponentKind::of::<Avatar>());
    }

    fn component_unpublish(&mut self, entity: &u32, _: &ComponentKind) {
        if let Some(avatar) = self.0.avatar_mut(*entity) {
            avatar.unpublish();
        }
    }

    fn entity_enable_delegation(
        &mut self,
        kinds: &ComponentKinds,
        converter: &dyn EntityAndGlobalEntityConverter<u32>,
        manager: &dyn GlobalWorldManagerType,
        entity: &u32,
    ) {
        let kind = ComponentKind::of::<Avatar>();
        self.component_enable_delegation(kinds, converter, manager, entity, &kind);
    }

    fn component_enable_delegation(
        &mut self,
        _: &ComponentKinds,
        _: &dyn EntityAndGlobalEntityConverter<u32>,
        _: &dyn GlobalWorldManagerType,
        _: &u32,
        _: &ComponentKind,
    ) {
        unreachable!("nothing is delegated here");
    }

    fn entity_disable_delegation(&mut self, entity: &u32) {
        self.component_disable_delegation(entity, &ComponentKind::of::<Avatar>());
    }

    fn component_disable_delegation(&mut self, entity: &u32, _: &ComponentKind) {
        if let Some(avatar) = self.0.avatar_mut(*entity) {
            avatar.disable_delegation();
        }
    }
}
